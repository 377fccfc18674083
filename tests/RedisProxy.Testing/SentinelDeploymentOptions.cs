namespace RedisProxy.Testing;

/// <summary>One master with its replicas and Sentinels.</summary>
public sealed record SentinelDeploymentOptions
{
    public string MasterName { get; init; } = "mymaster";

    public int Replicas { get; init; } = 2;

    public int Sentinels { get; init; } = 3;

    /// <summary>Null: a majority.</summary>
    public int? Quorum { get; init; }

    /// <summary>An unplanned failover begins about 1.2 s after this.</summary>
    public TimeSpan DownAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// For twice this time after a failover began, no other one of the same master begins by itself; that includes a split vote for the
    /// leader, as happens on busy machines. Sentinel's default is 3 minutes.
    /// </summary>
    public TimeSpan FailoverTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Hosts of the servers, starting with the first master; others run on loopback.</summary>
    public IReadOnlyList<ProcessHost> ServerHosts { get; init; } = [];

    /// <summary>Hosts of the Sentinels, likewise.</summary>
    public IReadOnlyList<ProcessHost> SentinelHosts { get; init; } = [];

    /// <summary>The periods once the deployment is ready; it always starts with fast ones.</summary>
    public SentinelTimings Timings { get; init; } = SentinelTimings.Fast;

    /// <summary>
    /// Replicas reach the first master through <see cref="SentinelDeployment.ReplicationRelay"/>, so much later. Sentinels correct that:
    /// they lead the replicas past it <see cref="FailoverTimeout"/> after they have seen it.
    /// </summary>
    public TimeSpan? ReplicationLatency { get; init; }

    /// <summary>For every server: password, persistence, further lines. TLS also applies to the Sentinels.</summary>
    public RedisServerOptions Server { get; init; } = new();

    /// <summary>Password of the Sentinels themselves.</summary>
    public string? SentinelPassword { get; init; }

    /// <summary>Further lines for each <c>sentinel.conf</c>.</summary>
    public IReadOnlyList<string> SentinelLines { get; init; } = [];

    /// <summary>The variable REDISPROXY_REDIS_SENTINEL overrides the default, which is <see cref="ServerRelease.Default"/>'s.</summary>
    public string SentinelProgram { get; init; } =
        Environment.GetEnvironmentVariable("REDISPROXY_REDIS_SENTINEL") ?? ServerRelease.Default.Sentinel;

    /// <summary>Called for every event of every Sentinel, on a pool thread; must be quick.</summary>
    public Action<SentinelEvent>? OnEvent { get; init; }
}
