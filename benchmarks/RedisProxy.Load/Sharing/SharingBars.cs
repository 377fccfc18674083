using RedisProxy.Load.Measures;
using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Sharing;

/// <summary>What RedisProxy with one shared link has to gain in each cell, and where it must lose nothing.</summary>
internal static class SharingBars
{
    private const string Own = Target.SharedKey;
    private const double MaxCpuRatio = 0.75;

    // Beside RedisProxy with a connection for each client, which it is within noise of.
    private const double MinKept = 0.95;

    public static Judgement Base { get; } = new(
        [Target.HaproxyKey, Target.ProxyKey, Own],
        static (cell, rounds) => Gains(cell, rounds, minSpeed: 1.20, maxRedisCpu: 0.75));

    public static Judgement Many { get; } = new(
        [Target.DirectKey, Target.HaproxyKey, Target.ProxyKey, Own],
        static (cell, rounds) =>
        [
            .. Gains(cell, rounds, minSpeed: 1.40, maxRedisCpu: 0.50),
            Of(cell, "requests/s ÷ direct", rounds, Target.DirectKey, r => r.RequestsPerSecond, Limit.AtLeast(0.95)),
        ]);

    public static Judgement Pipelined { get; } = new(
        [Target.HaproxyKey, Target.ProxyKey, Own],
        static (cell, rounds) => Gains(cell, rounds, minSpeed: 1.30, maxRedisCpu: 0.50));

    /// <summary>For what cannot gain, because it needs connections of its own or is dominated by something else.</summary>
    public static Judgement NoLoss { get; } = new(
        [Target.ProxyKey, Own],
        static (cell, rounds) =>
            [Of(cell, "requests/s ÷ RedisProxy", rounds, Target.ProxyKey, r => r.RequestsPerSecond, Limit.AtLeast(MinKept))]);

    private static IReadOnlyList<Bar> Gains(Cell cell, Rounds<Run> rounds, double minSpeed, double maxRedisCpu) =>
    [
        Of(cell, "requests/s ÷ HAProxy", rounds, Target.HaproxyKey, r => r.RequestsPerSecond, Limit.AtLeast(minSpeed)),
        Of(cell, "CPU/request ÷ HAProxy", rounds, Target.HaproxyKey, r => r.CpuPerRequest, Limit.AtMost(MaxCpuRatio)),
        Of(cell, "redis CPU/request ÷ RedisProxy", rounds, Target.ProxyKey, r => r.RedisCpuPerRequest, Limit.AtMost(maxRedisCpu)),
    ];

    private static Bar Of(Cell cell, string what, Rounds<Run> rounds, string other, Func<Run, double> figure, Limit limit)
    {
        Ratio? ratio = rounds.Ratio(Own, other, figure);
        return new Bar(cell.Key, what, ratio?.Centre, limit)
        {
            Error = ratio?.Error,
            Floor = rounds.Ratio(Target.SharedFloorKey, other, figure)?.Centre,
        };
    }
}
