namespace RedisProxy.Configuration;

/// <summary><c>roles</c>: server settings that follow the role, so that they move with a failover. Needs Sentinel.</summary>
internal sealed record RoleOptions
{
    /// <summary><c>masters</c>: the masters whose servers are managed, by their Sentinel names. Default: empty, all.</summary>
    public IReadOnlyList<string> Masters { get; init; } = [];

    /// <summary><c>master</c>: the settings of a master.</summary>
    public RolePolicyOptions Master { get; init; } = new();

    /// <summary><c>replica</c>: the settings of its replicas.</summary>
    public RolePolicyOptions Replica { get; init; } = new();

    /// <summary><c>interval</c>: time between two checks of every server, in addition to those after a failover.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// <c>rewrite</c>: also write changes to the server's configuration file (CONFIG REWRITE). Sentinel triggers this at each failover
    /// anyway.
    /// </summary>
    public bool Rewrite { get; init; }

    /// <summary><c>dryRun</c>: change nothing; the log and the metrics show what would be changed.</summary>
    public bool DryRun { get; init; }

    /// <summary>Whether any settings are managed.</summary>
    public bool HasPolicy() => Master.Config.Count > 0 || Replica.Config.Count > 0;

    /// <summary>Whether this master and its replicas are managed.</summary>
    public bool IsAbout(string master) => HasPolicy() && (Masters.Count == 0 || Masters.Contains(master));
}

/// <summary><c>roles.master and roles.replica</c>: the settings of one role.</summary>
internal sealed record RolePolicyOptions
{
    public const int MaxConfig = 64;

    /// <summary>None.</summary>
    public static readonly IReadOnlyDictionary<string, string> NoConfig = new Dictionary<string, string>();

    /// <summary>
    /// <c>config</c>: parameters of CONFIG SET with their values, in Redis's notation: <c>yes</c>, <c>no</c>, <c>100mb</c>; the value
    /// <c>""</c> of <c>save</c> turns snapshots off. At most 64. Parameters for a server's identity, address or access are refused.
    /// </summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = NoConfig;
}
