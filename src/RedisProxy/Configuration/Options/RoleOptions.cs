namespace RedisProxy.Configuration;

/// <summary><c>roles</c>: settings of the servers that follow their role, so that a failover takes them along. Needs Sentinel.</summary>
internal sealed record RoleOptions
{
    /// <summary><c>masters</c>: the names of those whose servers are looked after, as Sentinel knows them. Default empty: all.</summary>
    public IReadOnlyList<string> Masters { get; init; } = [];

    /// <summary><c>master</c>: what a master is given. Default nothing.</summary>
    public RolePolicyOptions Master { get; init; } = new();

    /// <summary><c>replica</c>: what its replicas are given. Default nothing.</summary>
    public RolePolicyOptions Replica { get; init; } = new();

    /// <summary><c>interval</c>: between two looks at every server, apart from those after a failover. Default 30s, 1s to 1h.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// <c>rewrite</c>: have a server write what was changed into its configuration file (CONFIG REWRITE). Default false; Sentinel has it
    /// do so at each failover anyway.
    /// </summary>
    public bool Rewrite { get; init; }

    /// <summary><c>dryRun</c>: change nothing; the log and the metrics tell what would be changed. Default false.</summary>
    public bool DryRun { get; init; }

    /// <summary>Is there something to look after?</summary>
    public bool HasPolicy() => Master.Config.Count > 0 || Replica.Config.Count > 0;

    /// <summary>Is this master, and are its replicas, looked after?</summary>
    public bool IsAbout(string master) => HasPolicy() && (Masters.Count == 0 || Masters.Contains(master));
}

/// <summary><c>roles.master and roles.replica</c>: what one role is given.</summary>
internal sealed record RolePolicyOptions
{
    /// <summary>None.</summary>
    public static readonly IReadOnlyDictionary<string, string> NoConfig = new Dictionary<string, string>();

    /// <summary>
    /// <c>config</c>: parameters of CONFIG SET with their values, as redis writes them: <c>yes</c>, <c>no</c>, <c>100mb</c>; the value
    /// <c>""</c> of <c>save</c> is no snapshots. At most 64. Not those that say who a server is, where it is reached, or whom it lets in.
    /// Default empty.
    /// </summary>
    public IReadOnlyDictionary<string, string> Config { get; init; } = NoConfig;
}
