using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Measures;

/// <summary>What is judged of a cell.</summary>
/// <param name="Contestants">Targets that the bars are about: these have more runs, so that their ratios are more certain.</param>
/// <param name="Bars">By its rounds.</param>
internal sealed record Judgement(IReadOnlyList<string> Contestants, Func<Cell, Rounds<Run>, IReadOnlyList<Bar>> Bars)
{
    private const double MaxCpuRatio = 1.00;
    private const double AimedCpuToFloor = 1.1;
    private const double MinThroughputRatio = 1.00;
    private const double MaxP99Ratio = 1.05;
    private const double AimedP99Ratio = 1.00;
    private const double MaxConnectRatio = 1.3;
    private const double AimedConnectRatio = 1.0;

    private static readonly string[] Forwarders = [Target.HaproxyKey, Target.ProxyKey];

    public static Judgement Forwarding { get; } = new(Forwarders, ForwardingBars);

    public static Judgement Connecting { get; } = new(Forwarders, ConnectingBars);

    /// <summary>For a cell of which most is the client's time.</summary>
    public static Judgement None { get; } = new(Forwarders, static (_, _) => []);

    private static IReadOnlyList<Bar> ForwardingBars(Cell cell, Rounds<Run> rounds) =>
    [
        ToHaproxy(cell, "CPU/request", rounds, r => r.CpuPerRequest, Limit.AtMost(MaxCpuRatio)) with
        {
            Aim = Limit.AtMost(AimedCpuToFloor),
            AimWhat = "÷ floor",
            AimFigure = rounds.Ratio(Target.ProxyKey, Target.FloorKey, r => r.CpuPerRequest)?.Centre,
        },
        ToHaproxy(cell, "requests/s", rounds, r => r.RequestsPerSecond, Limit.AtLeast(MinThroughputRatio)),
        ToHaproxy(cell, "p99", rounds, r => r.P99, Limit.AtMost(MaxP99Ratio)) with { Aim = Limit.AtMost(AimedP99Ratio) },
    ];

    private static IReadOnlyList<Bar> ConnectingBars(Cell cell, Rounds<Run> rounds) =>
    [
        ToHaproxy(cell, "CPU/connection", rounds, r => r.CpuPerRequest, Limit.AtMost(MaxConnectRatio)) with
        {
            Aim = Limit.AtMost(AimedConnectRatio),
        },
    ];

    private static Bar ToHaproxy(Cell cell, string what, Rounds<Run> rounds, Func<Run, double> figure, Limit limit)
    {
        Ratio? ratio = rounds.Ratio(Target.ProxyKey, Target.HaproxyKey, figure);
        return new Bar(cell.Key, $"{what} ÷ HAProxy", ratio?.Centre, limit)
        {
            Error = ratio?.Error,
            Floor = rounds.Ratio(Target.FloorKey, Target.HaproxyKey, figure)?.Centre,
        };
    }
}
