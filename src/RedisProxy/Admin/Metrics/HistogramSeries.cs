using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>One series of a histogram, summed over the threads that count.</summary>
/// <param name="Tags">Its labels.</param>
/// <param name="Parts">At least one, all with the same bounds.</param>
internal sealed record HistogramSeries(KeyValuePair<string, object?>[] Tags, IReadOnlyList<DurationHistogram> Parts)
{
    /// <summary>Of its bounds and its sum.</summary>
    public double UnitsPerSecond => Parts[0].UnitsPerSecond;

    public IReadOnlyList<int> UpperBounds => Parts[0].UpperBounds;

    public long Sum => Parts.Sum(static part => part.Sum);

    /// <summary>The count of each bucket, not cumulative; the last one is for values above all bounds.</summary>
    public IReadOnlyList<long> Counts =>
        [.. Enumerable.Range(0, UpperBounds.Count + 1).Select(bucket => Parts.Sum(part => part.Counts[bucket]))];
}
