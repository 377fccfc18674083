namespace RedisProxy.Configuration;

/// <summary><c>hold</c>: how requests wait while no master can accept them.</summary>
internal sealed record HoldOptions
{
    /// <summary><c>timeout</c>: how long a request is held; after that, it is answered as not executed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary><c>maxOutage</c>: in an outage longer than this, requests are answered at once.</summary>
    public TimeSpan MaxOutage { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>planned</c>: start holding at the first events of a planned failover.</summary>
    public bool Planned { get; init; } = true;

    /// <summary><c>plannedTimeout</c>: if a planned failover yields no new master within this time, the hold ends.</summary>
    public TimeSpan PlannedTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// <c>acceptPromoted</c>: what it takes to continue at a promoted replica: <c>announced</c>, a Sentinel's report of it, about a second
    /// after the promotion; <c>observed</c>, the replica's own. If the leading Sentinel dies in that second, what the replica has
    /// acknowledged by then may be lost with <c>observed</c>.
    /// </summary>
    public PromotionProof AcceptPromoted { get; init; }
}

/// <summary>When a promoted replica is accepted as the master.</summary>
internal enum PromotionProof
{
    /// <summary>When a Sentinel reports it. The leading one asks the replica once a second.</summary>
    Announced,

    /// <summary>
    /// As soon as it reports it itself, while a Sentinel reports a failover. If the leading Sentinel dies before it would report the same,
    /// the others turn the promotion back.
    /// </summary>
    Observed,
}
