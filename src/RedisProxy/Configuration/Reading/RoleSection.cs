namespace RedisProxy.Configuration;

/// <summary>Reads the section <c>roles</c>, and says what no role may decide.</summary>
internal static class RoleSection
{
    private const int MaxSettings = 64;
    private const int MaxNameLength = 64;
    private const int MaxValueLength = 1024;

    // A star stands for any rest. What was called slave-… is looked up as replica-….
    private static readonly (string[] Names, string Why)[] Refused =
    [
        (["replicaof", "slaveof", "replica-announce*", "replica-priority", "cluster-*"],
            "says who follows whom, which is Sentinel's to say"),
        (["replica-read-only"], "keeps replicas from differing from their master"),
        (["port", "bind*", "unixsocket*", "tls-*", "protected-mode", "tcp-backlog"], "says how the server is reached"),
        (["user", "aclfile", "acl-*", "*pass*", "*auth*", "masteruser", "*secret*", "*token*"],
            "says who is let in, or is a secret"),
        (["dir", "dbfilename", "appendfilename", "appenddirname", "logfile", "pidfile", "include", "crash-*", "syslog-*"],
            "says where something is on its own machine"),
        (["loadmodule", "rename-command", "enable-*", "daemonize", "supervised", "databases", "io-threads*"],
            "is read when the server starts, and not changed afterwards"),
    ];

    public static RoleOptions Read(OptionSection roles)
    {
        var defaults = new RoleOptions();
        IReadOnlyList<string> masters = roles.Values("masters", "[ \"mymaster\", … ]", ValueParsers.Name);
        RolePolicyOptions master = roles.Section("master", ReadPolicy);
        RolePolicyOptions replica = roles.Section("replica", ReadPolicy);
        return new RoleOptions
        {
            Masters = masters,
            Master = master,
            Replica = replica,
            Interval = roles.Value(
                "interval", defaults.Interval, ValueParsers.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1))),
            Rewrite = roles.Value("rewrite", defaults.Rewrite, ValueParsers.Boolean),
            DryRun = roles.Value("dryRun", defaults.DryRun, ValueParsers.Boolean),
        };
    }

    /// <summary>The rules between this section and others.</summary>
    public static void Check(OptionDraft draft, OptionErrors errors)
    {
        RoleOptions roles = draft.Options.Roles;
        if (!roles.HasPolicy())
        {
            return;
        }

        if (draft.Options.Sentinel is null)
        {
            errors.Add("roles", "needs sentinel; expected no roles with backend.endpoint, whose server keeps its role");
            return;
        }

        for (int i = 0; i < roles.Masters.Count; i++)
        {
            if (!draft.Listeners.Any(listener => listener.Master == roles.Masters[i]))
            {
                string given = QuotedValue.Of(roles.Masters[i]);
                errors.Add($"roles:masters:{i}", $"{given} is the master of no listener; expected one of theirs");
            }
        }

        foreach ((string role, RolePolicyOptions policy) in new[] { ("master", roles.Master), ("replica", roles.Replica) })
        {
            if (policy.Config.Count > MaxSettings)
            {
                errors.Add($"roles:{role}:config", $"has {policy.Config.Count} parameters; expected at most {MaxSettings}");
            }
        }
    }

    // Lists and maps are equal by reference, and all empty ones are one.
    private static RolePolicyOptions ReadPolicy(OptionSection policy)
    {
        IReadOnlyDictionary<string, string> config = policy.Map<string, string>("config", ParseName, ParseValue);
        return new RolePolicyOptions { Config = config.Count == 0 ? RolePolicyOptions.NoConfig : config };
    }

    private static string? ParseName(string text, out string value)
    {
        value = text.ToLowerInvariant();
        if (text.Length > MaxNameLength || !value.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_' or '.'))
        {
            return $"{QuotedValue.Of(text)} is no parameter of CONFIG SET; expected something like \"maxmemory-policy\"";
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
            return $"{QuotedValue.Of(text)} is no value of a parameter; expected one line of at most {MaxValueLength} characters";
        }

        return bool.TryParse(text, out bool truth)
            ? $"{QuotedValue.Of(text)} is none of redis's words; expected \"{(truth ? "yes" : "no")}\""
            : null;
    }
}
