using System.Text.RegularExpressions;

namespace RedisProxy.Configuration;

/// <summary>
/// Variables that begin like those of the proxy and set nothing: <c>REDISPROXY_hold_timeout</c> with one underscore too few. Names with a
/// double underscore are keys, and unknown keys are errors. Warnings only, because others set such variables, too.
/// </summary>
internal static partial class UnusedVariables
{
    /// <summary>Options of the command line, and the keys that they stand for; null: there is only the option.</summary>
    private static readonly Dictionary<string, string?> Options = new(StringComparer.OrdinalIgnoreCase)
    {
        ["listen"] = "listeners[].bind",
        ["sentinel"] = "sentinel.endpoints[]",
        ["sentinels"] = "sentinel.endpoints[]",
        ["master"] = "listeners[].master",
        ["backend"] = "backend.endpoint",
        ["admin"] = "admin.bind",
        ["loops"] = "loops.count",
        ["config"] = null,
        ["log_level"] = null,
        ["take_over"] = null,
    };

    public static IEnumerable<string> Describe(IReadOnlyDictionary<string, string> environment) =>
        from variable in environment
        where variable.Key.StartsWith(EnvironmentVariables.Prefix, StringComparison.OrdinalIgnoreCase)
            && EnvironmentVariables.PathOf(variable.Key) is null
            && !IsOfKubernetes(variable.Key, variable.Value)
            && !OfDevelopment().IsMatch(variable.Key)
        orderby variable.Key
        select $"{variable.Key} is not used; {AdviceOn(variable.Key[EnvironmentVariables.Prefix.Length..])}";

    private static string AdviceOn(string name)
    {
        if (Options.TryGetValue(name, out string? key))
        {
            return key is null
                ? $"did you mean the option --{name.ToLowerInvariant().Replace('_', '-')}?"
                : $"did you mean {EnvironmentVariables.NameOf(key)}?";
        }

        Dictionary<string, string> known = DeclaredKeys.All
            .SelectMany(DeclaredKeys.NamesOf)
            .Select(EnvironmentVariables.NameOf)
            .ToDictionary(variable => Plain(variable[EnvironmentVariables.Prefix.Length..]));
        if (Spelling.Nearest(Plain(name), known.Keys) is not { } nearest)
        {
            return $"a key is set by {EnvironmentVariables.Prefix}section{EnvironmentVariables.Separator}key";
        }

        // A member of a list other than the first.
        Match index = Index().Match(name);
        string meant = index.Success ? Index().Replace(known[nearest], index.Value) : known[nearest];
        return $"did you mean {meant}?";
    }

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>Of a Service that is called redisproxy, or redisproxy-something. A PORT that a person sets is no URL.</summary>
    private static bool IsOfKubernetes(string name, string value) =>
        ServiceLink().IsMatch(name) && (!name.EndsWith("_PORT", StringComparison.Ordinal) || value.Contains("://", StringComparison.Ordinal)
            || name.EndsWith("_SERVICE_PORT", StringComparison.Ordinal) || PortOfLink().IsMatch(name));

    [GeneratedRegex("^REDISPROXY(_[A-Z0-9]+)*_"
        + "(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$")]
    private static partial Regex ServiceLink();

    [GeneratedRegex("_[0-9]+_(TCP|UDP|SCTP)_PORT$")]
    private static partial Regex PortOfLink();

    /// <summary>What the scripts of this repository read. A proxy that they start inherits it.</summary>
    [GeneratedRegex("^REDISPROXY_(TEST|FUZZ|SIMULATION|SIMULATED|STRANGERS|CONTAINER|REDIS)_[A-Z_]+$"
        + "|^REDISPROXY_(PROGRAM|TRANSPORT|MULTIPLEX|MATRIX|SERVERS|KEEP_FOLDERS|WRITE_DOCS)$")]
    private static partial Regex OfDevelopment();

    [GeneratedRegex("(?<=_)[0-9]+(?=_|$)")]
    private static partial Regex Index();
}
