using System.Net;

namespace RedisProxy.Configuration;

/// <summary>Which servers serve a listener's sessions.</summary>
internal enum ListenerRole
{
    Master,

    /// <summary>The master's replicas: for clients that only read and tolerate slightly stale data.</summary>
    Replica,
}

/// <summary>What happens to the sessions of a replica listener when no replica is healthy.</summary>
internal enum ReplicaFallback
{
    /// <summary>The master serves them, writes included.</summary>
    Master,

    /// <summary>Their requests are held as in a failover, and get an error after <c>hold.timeout</c>.</summary>
    Reject,
}

/// <summary>
/// <c>listeners[] with role replica</c>: which replicas serve, and what serves instead of them. A replica is healthy when its link to the
/// master is up (or the master itself is gone), no majority of the Sentinels considers it down, it is neither loading nor being
/// resynchronised, and it does not lag too far behind.
/// </summary>
internal sealed record ReplicaOptions
{
    /// <summary>
    /// <c>maxLagBytes</c>: a replica that lags further behind the master than this gets no sessions. The lag is the difference of the
    /// replication offsets in INFO, which is queried every second, first on the master and then on the replica.
    /// </summary>
    public long MaxLagBytes { get; init; } = DefaultMaxLagBytes;

    /// <summary>
    /// <c>maxLagSeconds</c>: the same as a time: a replica that lacks data the master had this long ago gets no sessions. 0: not checked.
    /// </summary>
    public int MaxLagSeconds { get; init; }

    /// <summary><c>fallback</c>: what serves sessions while no replica is healthy: the master, or nothing.</summary>
    public ReplicaFallback Fallback { get; init; }

    /// <summary>
    /// <c>slowStart</c>: a replica that has just come back gets its share of sessions gradually over this time; 0: at once.
    /// </summary>
    public TimeSpan SlowStart { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// <c>weights</c>: maps CIDR blocks to the share of sessions for each replica in them; the smallest matching block counts. 0: only
    /// while no other replica is healthy. Default: empty, 1 for all. For example, <c>{ "10.1.0.0/16": 10 }</c> prefers replicas in the same
    /// zone.
    /// </summary>
    public IReadOnlyDictionary<IPNetwork, int> Weights { get; init; } = NoWeights;

    /// <summary>One object, because dictionaries are equal by reference.</summary>
    public static readonly IReadOnlyDictionary<IPNetwork, int> NoWeights = new Dictionary<IPNetwork, int>();

    /// <summary>A replica that lags further behind than this does not catch up within the time that clients can be made to wait.</summary>
    public const long DefaultMaxLagBytes = 10L << 20;

    /// <summary>The weight of a replica at this address.</summary>
    public int WeightOf(IPAddress address) => Weights
        .Where(pair => pair.Key.Contains(address))
        .OrderByDescending(pair => pair.Key.PrefixLength)
        .Select(pair => pair.Value)
        .FirstOrDefault(1);
}
