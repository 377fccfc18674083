namespace RedisProxy.Testing;

/// <summary>Sentinel's periods, in the words of <c>SENTINEL DEBUG</c> (redis ≥ 7.0), which sets them. Milliseconds.</summary>
public sealed record SentinelTimings
{
    /// <summary>What redis 7.0 does. For measurements that have to show what users see.</summary>
    public static SentinelTimings Default { get; } = new();

    /// <summary>
    /// Much faster, and no TILT, which a busy test machine would cause by mere slowness. The order of events stays the same; in particular
    /// the old master of a planned failover is demoted after 2 to 3 s instead of 11 s.
    /// <para>
    /// The ping period must stay above 200 ms: once the master is down, Sentinel asks replicas for INFO every second and takes none whose
    /// answer is older than 5 ping periods, so with a shorter one it finds no good replica.
    /// </para>
    /// <para>
    /// Four publish periods must be well above 1 s: so long a Sentinel that has not heard of a promotion watches before it makes the new
    /// master a replica again, and the leader looks at the promoted replica, and tells the others, only once a second.
    /// </para>
    /// </summary>
    public static SentinelTimings Fast { get; } = new()
    {
        InfoPeriod = 200,
        PingPeriod = 500,
        AskPeriod = 200,
        PublishPeriod = 500,
        TiltTrigger = 60_000,
        MinLinkReconnectPeriod = 1_000,
        ElectionTimeout = 2_000,
    };

    public int InfoPeriod { get; init; } = 10_000;

    public int PingPeriod { get; init; } = 1_000;

    public int AskPeriod { get; init; } = 1_000;

    public int PublishPeriod { get; init; } = 2_000;

    public int TiltTrigger { get; init; } = 2_000;

    public int MinLinkReconnectPeriod { get; init; } = 15_000;

    public int ElectionTimeout { get; init; } = 10_000;

    internal string[] DebugCommand() =>
    [
        "SENTINEL", "DEBUG",
        "info-period", Text(InfoPeriod),
        "ping-period", Text(PingPeriod),
        "ask-period", Text(AskPeriod),
        "publish-period", Text(PublishPeriod),
        "tilt-trigger", Text(TiltTrigger),
        "min-link-reconnect-period", Text(MinLinkReconnectPeriod),
        "election-timeout", Text(ElectionTimeout),
    ];

    private static string Text(int milliseconds) => milliseconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
