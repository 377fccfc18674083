using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>One series of a histogram, summed over the threads that count.</summary>
/// <param name="Tags">Its labels.</param>
/// <param name="Parts">At least one, all with the same bounds.</param>
internal sealed record HistogramSeries(KeyValuePair<string, object?>[] Tags, IReadOnlyList<DurationHistogram> Parts)
{
    public const double MsPerSecond = 1000;

    public IReadOnlyList<int> UpperBoundsMs => Parts[0].UpperBoundsMs;

    public long SumMs => Parts.Sum(static part => part.SumMs);

    /// <summary>The count of each bucket, not cumulative; the last one is for values above all bounds.</summary>
    public IReadOnlyList<long> Counts =>
        [.. Enumerable.Range(0, UpperBoundsMs.Count + 1).Select(bucket => Parts.Sum(part => part.Counts[bucket]))];
}
