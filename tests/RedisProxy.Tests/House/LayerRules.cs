using System.Text.RegularExpressions;

namespace RedisProxy.Tests.House;

/// <summary>
/// Folders are layers, and know only what is below them; the rooms within a layer share its namespace. Looked at are using
/// directives and qualified names, from <c>RedisProxy</c> on or relative (<c>Topology.TopologyView</c> is found from
/// any namespace of the proxy).
/// </summary>
internal sealed partial class LayerRules(TypeIndex index)
{
    private const string Root = "RedisProxy";
    private static readonly string[] Planes =
    [
        "Resp", "EventLoops", "Configuration", "Transport", "Actors", "Servers", "Topology",
        "Audit", "Roles", "SentinelFacade", "Notify", "Sessions", "DataPlane", "Failover",
    ];

    /// <summary>What each layer may use of the others. Program.cs stands above all of them.</summary>
    private static readonly Dictionary<string, string[]> Layers = new()
    {
        ["Resp"] = [],
        ["EventLoops"] = [],
        ["Configuration"] = [],
        ["Transport"] = ["Configuration"],
        ["Actors"] = [],
        ["Servers"] = ["Resp", "Configuration", "Transport", "Actors"],
        ["Topology"] = ["Resp", "Configuration", "Actors", "Servers"],
        ["Audit"] = ["Resp", "Configuration", "Servers", "Topology"],
        ["Roles"] = ["Resp", "Configuration", "Actors", "Servers", "Topology"],
        ["SentinelFacade"] = ["Resp", "Configuration", "Topology"],
        ["Notify"] = ["Configuration", "Actors", "Topology", "Audit"],
        ["Sessions"] = ["Resp", "EventLoops", "Configuration", "Transport", "Topology"],
        ["DataPlane"] = ["EventLoops", "Configuration", "Transport", "Servers", "Topology", "Sessions"],
        ["Failover"] = ["Resp", "Configuration", "Servers", "Topology", "Audit", "DataPlane"],
        ["Admin"] = Planes,
        ["Hosting"] = [.. Planes, "Admin"],
        ["CommandLine"] = ["Configuration", "Transport", "Servers", "Topology", "Audit", "Hosting"],
    };

    /// <summary>Layers that depend on nothing, or nearly nothing, that is not System.</summary>
    private static readonly Dictionary<string, string[]> Foreign = new()
    {
        ["Resp"] = [],
        ["EventLoops"] = ["Microsoft.Extensions.Logging"],
        ["Configuration"] = ["Microsoft.Extensions"],
    };

    private static readonly string[] ContainerNamespaces =
        ["Microsoft.Extensions.DependencyInjection", "Microsoft.Extensions.Options", "Microsoft.Extensions.Hosting"];

    private static readonly string[] MayKnowContainer = ["Hosting", "Admin", ""];

    public IEnumerable<Violation> Check(SourceFile file) =>
        [.. CheckPlace(file), .. CheckLayers(file), .. CheckForeign(file), .. CheckContainer(file)];

    // Otherwise a file could stand in one layer and live in another.
    private static IEnumerable<Violation> CheckPlace(SourceFile file)
    {
        if (file.Layer.Length > 0 && !Layers.ContainsKey(file.Layer))
        {
            yield return new Violation(file.Path, 1, $"folder '{file.Layer}' is no layer; the layers are {string.Join(", ", Layers.Keys)}");
        }

        string expected = file.Layer.Length > 0 ? $"{Root}.{file.Layer}" : Root;
        foreach (Match declared in Namespace().Matches(file.Code).Where(m => Compact(m.Groups["name"].Value) != expected))
        {
            yield return file.Violates($"the namespace of this folder is {expected}", declared.Index);
        }

        foreach (Match global in GlobalUsing().Matches(file.Code))
        {
            yield return file.Violates("a global using hides what a file depends on", global.Index);
        }
    }

    private IEnumerable<Violation> CheckLayers(SourceFile file)
    {
        if (file.Layer.Length == 0 || !Layers.TryGetValue(file.Layer, out string[]? allowed))
        {
            return [];
        }

        IEnumerable<(string Layer, int Index)> absolute =
            from match in Absolute().Matches(file.Code)
            select (match.Groups["layer"].Value, match.Index);
        IEnumerable<(string Layer, int Index)> relative =
            from match in Relative().Matches(file.Code)
            where index.Declares(match.Groups["layer"].Value, match.Groups["name"].Value)
            select (match.Groups["layer"].Value, match.Index);
        return from used in absolute.Concat(relative)
               where used.Layer != file.Layer && !allowed.Contains(used.Layer)
               select file.Violates($"{file.Layer} must not use {used.Layer}", used.Index);
    }

    private static IEnumerable<Violation> CheckForeign(SourceFile file)
    {
        if (!Foreign.TryGetValue(file.Layer, out string[]? allowed))
        {
            return [];
        }

        IEnumerable<Match> used = Using().Matches(file.Code).Concat(MicrosoftName().Matches(file.Code));
        return from match in used
               let name = Compact(match.Groups["name"].Value)
               where !allowed.Append("System").Append(Root).Any(a => IsWithin(name, a))
               select file.Violates($"{file.Layer} must not use {name}", match.Index);
    }

    private static IEnumerable<Violation> CheckContainer(SourceFile file)
    {
        if (MayKnowContainer.Contains(file.Layer))
        {
            return [];
        }

        return from match in MicrosoftName().Matches(file.Code)
               let name = Compact(match.Groups["name"].Value)
               where ContainerNamespaces.Any(n => IsWithin(name, n))
               select file.Violates($"{file.Layer} must not know the container: {name}", match.Index);
    }

    private static bool IsWithin(string name, string space) =>
        name == space || name.StartsWith(space + ".", StringComparison.Ordinal);

    private static string Compact(string name) => string.Concat(name.Where(c => !char.IsWhiteSpace(c)));

    [GeneratedRegex(@"\bnamespace\s+(?<name>\w+(\s*\.\s*\w+)*)")]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\bglobal\s+using\b")]
    private static partial Regex GlobalUsing();

    // With an alias or static, too.
    [GeneratedRegex(@"^\s*using\s+(static\s+)?(\w+\s*=\s*)?(global\s*::\s*)?(?<name>\w+(\s*\.\s*\w+)*)\s*(<.*)?;", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"(?<![\w.])(?<name>Microsoft(\s*\.\s*\w+)+)")]
    private static partial Regex MicrosoftName();

    [GeneratedRegex(@"(?<!namespace\s+)(?<![\w.])RedisProxy\s*\.\s*(?<layer>\w+)")]
    private static partial Regex Absolute();

    [GeneratedRegex(@"(?<![\w.])(?<layer>[A-Z]\w*)\s*\.\s*(?<name>\w+)")]
    private static partial Regex Relative();
}
