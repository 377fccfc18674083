using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Measures;

/// <summary>One thing that can be measured.</summary>
/// <param name="Key">How <c>--cells</c> calls it.</param>
/// <param name="Title">How a reader calls it.</param>
/// <param name="RunAsync">Measures it.</param>
internal sealed record Measure(string Key, string Title, Func<Bench, Task<MeasureResult>> RunAsync)
{
    /// <summary>In the order in which they run. A new one is added here, and has a class of its own in this folder.</summary>
    public static IReadOnlyList<Measure> All { get; } =
    [
        Traffic.Of(Cell.Base, Judgement.Forwarding),
        Traffic.Of(Cell.Pipelined, Judgement.Forwarding),
        Traffic.Of(Cell.Many, Judgement.Forwarding),
        Traffic.Of(Cell.Large, Judgement.Forwarding),
        Traffic.Of(Cell.Multiplexer, Judgement.None),
        Traffic.Of(Cell.Connect, Judgement.Connecting),
        Loops.Measure,
        Allocation.Measure,
        IdleSessions.Measure,
        StartTime.Measure,
        Recover.Measure,
        Scanners.Measure,
    ];

    /// <summary>What runs when nothing is asked for.</summary>
    public static Measure Default => All[0];
}
