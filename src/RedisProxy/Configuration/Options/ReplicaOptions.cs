using System.Net;

namespace RedisProxy.Configuration;

/// <summary>Whom a listener's sessions are served by.</summary>
internal enum ListenerRole
{
    Master,

    /// <summary>The master's replicas: for clients that read, and can do with what is a moment old.</summary>
    Replica,
}

/// <summary>What becomes of the sessions of a replica listener when no replica is healthy.</summary>
internal enum ReplicaFallback
{
    /// <summary>The master serves them, their writes too.</summary>
    Master,

    /// <summary>Their requests wait as in a failover, and get an error after <c>hold.timeout</c>.</summary>
    Reject,
}

/// <summary>
/// <c>listeners[] with role replica</c>: which replicas serve, and who else. A replica is healthy when its link to the master is up (or the
/// master itself is gone), no majority of the Sentinels takes it for down, it is neither loading nor being resynchronised, and it is not
/// too far behind.
/// </summary>
internal sealed record ReplicaOptions
{
    /// <summary>
    /// <c>maxLagBytes</c>: a replica that is further behind the master gets no sessions. Default 10MiB, 1KiB to 1024GiB. Of the replication
    /// offsets in INFO, which are asked for every second: the master's first, then the replica's.
    /// </summary>
    public long MaxLagBytes { get; init; } = DefaultMaxLagBytes;

    /// <summary>
    /// <c>maxLagSeconds</c>: likewise, when it lacks what the master had so long ago. Default 0: not looked at. 0 to 3600.
    /// </summary>
    public int MaxLagSeconds { get; init; }

    /// <summary><c>fallback</c>: who serves while no replica is healthy. Default <c>master</c>; <c>reject</c>: nobody.</summary>
    public ReplicaFallback Fallback { get; init; }

    /// <summary>
    /// <c>slowStart</c>: a replica that has just come back gets its share little by little over this time. Default 10s, 0 to 1h; 0: at
    /// once.
    /// </summary>
    public TimeSpan SlowStart { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// <c>weights</c>: CIDR block to the share of sessions of each replica that lies in it, 0 to 1000; the smallest block counts. 0: only
    /// while no other replica is healthy. Default empty: 1 for all. For example <c>{ "10.1.0.0/16": 10 }</c> prefers the own zone.
    /// </summary>
    public IReadOnlyDictionary<IPNetwork, int> Weights { get; init; } = NoWeights;

    /// <summary>One object, because dictionaries are equal by reference.</summary>
    public static readonly IReadOnlyDictionary<IPNetwork, int> NoWeights = new Dictionary<IPNetwork, int>();

    /// <summary>A replica that is further behind does not catch up within the time that clients can be made to wait.</summary>
    public const long DefaultMaxLagBytes = 10L << 20;

    /// <summary>Of a replica at this address.</summary>
    public int WeightOf(IPAddress address) => Weights
        .Where(pair => pair.Key.Contains(address))
        .OrderByDescending(pair => pair.Key.PrefixLength)
        .Select(pair => pair.Value)
        .FirstOrDefault(1);
}
