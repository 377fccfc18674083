using System.Net;

namespace RedisProxy.Configuration;

/// <summary>Which servers a listener's sessions are served by.</summary>
internal enum ListenerRole
{
    Master,

    /// <summary>The master's replicas: for clients that only read, and can tolerate data that is a moment old.</summary>
    Replica,
}

/// <summary>What happens to the sessions of a replica listener when no replica is healthy.</summary>
internal enum ReplicaFallback
{
    /// <summary>The master serves them, including their writes.</summary>
    Master,

    /// <summary>Their requests wait as in a failover, and get an error after <c>hold.timeout</c>.</summary>
    Reject,
}

/// <summary>
/// <c>listeners[] with role replica</c>: which replicas serve, and what serves in their place. A replica is healthy when its link to the
/// master is up (or the master itself is gone), no majority of the Sentinels considers it down, it is neither loading nor being
/// resynchronised, and it does not lag too far behind.
/// </summary>
internal sealed record ReplicaOptions
{
    /// <summary>
    /// <c>maxLagBytes</c>: a replica that lags further behind the master gets no sessions. The lag is the difference of the replication
    /// offsets in INFO, which is requested every second, from the master first and then from the replica.
    /// </summary>
    public long MaxLagBytes { get; init; } = DefaultMaxLagBytes;

    /// <summary>
    /// <c>maxLagSeconds</c>: the same in time: a replica that lacks what the master had this long ago gets no sessions. 0: not checked.
    /// </summary>
    public int MaxLagSeconds { get; init; }

    /// <summary><c>fallback</c>: what serves while no replica is healthy: the master, or nothing.</summary>
    public ReplicaFallback Fallback { get; init; }

    /// <summary>
    /// <c>slowStart</c>: a replica that has just come back is given its share gradually over this time; 0: at once.
    /// </summary>
    public TimeSpan SlowStart { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// <c>weights</c>: CIDR blocks, each with the share of sessions of every replica in it; the smallest block counts. 0: only while no
    /// other replica is healthy. Default: empty, 1 for all. For example, <c>{ "10.1.0.0/16": 10 }</c> prefers replicas in the same
    /// zone.
    /// </summary>
    public IReadOnlyDictionary<IPNetwork, int> Weights { get; init; } = NoWeights;

    /// <summary>One object, because dictionaries are equal by reference.</summary>
    public static readonly IReadOnlyDictionary<IPNetwork, int> NoWeights = new Dictionary<IPNetwork, int>();

    /// <summary>A replica that lags further behind does not catch up within the time that clients can be made to wait.</summary>
    public const long DefaultMaxLagBytes = 10L << 20;

    /// <summary>Of a replica at this address.</summary>
    public int WeightOf(IPAddress address) => Weights
        .Where(pair => pair.Key.Contains(address))
        .OrderByDescending(pair => pair.Key.PrefixLength)
        .Select(pair => pair.Value)
        .FirstOrDefault(1);
}
