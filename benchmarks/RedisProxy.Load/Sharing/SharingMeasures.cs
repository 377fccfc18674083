using RedisProxy.Load.Measures;

namespace RedisProxy.Load.Sharing;

/// <summary>What <c>--multiplex</c> measures.</summary>
internal static class SharingMeasures
{
    /// <summary>In the order in which they run.</summary>
    public static IReadOnlyList<Measure> All { get; } =
    [
        Traffic.Of(Cell.Base, SharingBars.Base),
        Traffic.Of(Cell.Many, SharingBars.Many),
        Traffic.Of(Cell.Pipelined, SharingBars.Pipelined),
        Traffic.Of(Cell.Large, SharingBars.NoLoss),
        Traffic.Of(Cell.Connect, SharingBars.NoLoss),
        Crowd.Measure,
        Neighbours.Measure,
    ];
}
