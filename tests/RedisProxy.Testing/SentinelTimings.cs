namespace RedisProxy.Testing;

/// <summary>Sentinel's periods, named as in <c>SENTINEL DEBUG</c> (redis ≥ 7.0), which sets them. Milliseconds.</summary>
public sealed record SentinelTimings
{
    /// <summary>The defaults of redis 7.0, for measurements of what users see.</summary>
    public static SentinelTimings Default { get; } = new();

    /// <summary>
    /// Much faster, and without TILT, which a busy test machine would trigger by mere slowness. The order of events stays the same; in
    /// particular the old master of a planned failover is demoted after 2 to 3 s instead of 11 s.
    /// <para>
    /// The ping period must stay above 200 ms: while the master is down, Sentinel requests INFO from replicas every second and rejects
    /// those whose answer is older than 5 ping periods, so with a shorter one it finds no good replica.
    /// </para>
    /// <para>
    /// Four publish periods must be well above 1 s: that is how long a Sentinel unaware of a promotion waits before it makes the new
    /// master a replica again, while the leader checks the promoted replica, and informs the others, only once a second.
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
