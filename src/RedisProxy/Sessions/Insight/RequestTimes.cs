using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>How long requests of one listener on one loop took, by stage and class. Plain fields that only the loop writes.</summary>
internal sealed class RequestTimes
{
    /// <summary>Microseconds: from a server on the same machine up to usual timeouts of clients.</summary>
    public static readonly int[] BoundsUs =
    [
        50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
    ];

    private readonly DurationHistogram[] _histograms =
    [
        .. Enumerable.Range(0, Enum.GetValues<RequestStage>().Length * RequestClasses.Count)
            .Select(static _ => new DurationHistogram(BoundsUs, DurationHistogram.UsPerSecond)),
    ];

    public DurationHistogram Of(RequestStage stage, RequestClass requests) =>
        _histograms[((int)stage * RequestClasses.Count) + (int)requests];
}
