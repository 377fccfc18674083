using static RedisProxy.Configuration.ValueParsers;

namespace RedisProxy.Configuration;

/// <summary>The keys of <c>roles</c>, and the parameters that no role may set.</summary>
internal static class RoleKeys
{
    private const int MaxNameLength = 64;
    private const int MaxValueLength = 1024;

    // A star matches any rest. Old names (slave-…) are looked up as replica-….
    private static readonly (string[] Names, string Why)[] Refused =
    [
        (["replicaof", "slaveof", "replica-announce*", "replica-priority", "cluster-*"],
            "controls replication or failover, which is up to Sentinel"),
        (["replica-read-only"], "keeps replicas identical to their master"),
        (["port", "bind*", "unixsocket*", "tls-*", "protected-mode", "tcp-backlog"], "controls how the server is reached"),
        (["user", "aclfile", "acl-*", "*pass*", "*auth*", "masteruser", "*secret*", "*token*"],
            "controls access, or is a secret"),
        (["dir", "dbfilename", "appendfilename", "appenddirname", "logfile", "pidfile", "include", "crash-*", "syslog-*"],
            "is a location on the server's own machine"),
        (["loadmodule", "rename-command", "enable-*", "daemonize", "supervised", "databases", "io-threads*"],
            "is only read when the server starts"),
    ];

    private static readonly ValueRule<string> Parameter = new(ParseName) { Pattern = "^[A-Za-z0-9._-]*$" };

    // true and false are refused whether they are quoted or not, which a pattern cannot say.
    private static readonly ValueRule<string> ParameterValue = new(ParseValue) { Kind = ValueKind.StringOrNumber };

    private static readonly KeyTable<RolePolicyOptions> Policy = new KeyTable<RolePolicyOptions>(new())
        .Map("config", Parameter, ParameterValue, o => o.Config, (o, v) => o with { Config = v })
        .Shown(o => OptionKey.List(
            o.Config.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} '{pair.Value}'")));

    public static KeyTable<RoleOptions> Table { get; } = new KeyTable<RoleOptions>(new())
        .List("masters", "[ \"mymaster\", … ]", Name, o => o.Masters, (o, v) => o with { Masters = v })
        .Section("master", Policy, o => o.Master, (o, v) => o with { Master = v })
        .Section("replica", Policy, o => o.Replica, (o, v) => o with { Replica = v })
        .Value("interval", Duration("1s", "1h"), o => o.Interval, (o, v) => o with { Interval = v })
        .Value("rewrite", TrueOrFalse, o => o.Rewrite, (o, v) => o with { Rewrite = v })
        .Value("dryRun", TrueOrFalse, o => o.DryRun, (o, v) => o with { DryRun = v });

    private static string? ParseName(string text, out string value)
    {
        value = text.ToLowerInvariant();
        if (text.Length > MaxNameLength || !value.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_' or '.'))
        {
            return $"{QuotedValue.Of(text)} is not a parameter of CONFIG SET; expected something like \"maxmemory-policy\"";
        }

        string name = value.StartsWith("slave-", StringComparison.Ordinal) ? $"replica-{value["slave-".Length..]}" : value;
        (_, string? why) = Array.Find(Refused, group => Array.Exists(group.Names, pattern => Matches(name, pattern)));
        return why is null ? null : $"{QuotedValue.Of(text)} {why}; expected a parameter that may depend on the role";
    }

    private static bool Matches(string name, string pattern) => pattern switch
    {
        ['*', .. var part, '*'] => name.Contains(part, StringComparison.Ordinal),
        [.. var start, '*'] => name.StartsWith(start, StringComparison.Ordinal),
        _ => name == pattern,
    };

    private static string? ParseValue(string text, out string value)
    {
        value = text;
        if (text.Length > MaxValueLength || text.Any(char.IsControl))
        {
            return $"{QuotedValue.Of(text)} is not the value of a parameter; expected one line of at most {MaxValueLength} characters";
        }

        return bool.TryParse(text, out bool truth)
            ? $"{QuotedValue.Of(text)} is not a value Redis accepts; expected \"{(truth ? "yes" : "no")}\""
            : null;
    }
}
