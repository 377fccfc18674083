namespace RedisProxy.Topology;

/// <summary>
/// A histogram of durations. Plain fields that one thread writes; a scrape reads them as they are and sums those of all threads. Adding a
/// duration only finds its bucket: no allocation, no lock.
/// </summary>
/// <param name="upperBoundsMs">Of the buckets, inclusive, increasing. Longer durations have a bucket of their own.</param>
internal sealed class DurationHistogram(IReadOnlyList<int> upperBoundsMs)
{
    private readonly long[] _counts = new long[upperBoundsMs.Count + 1];
    private long _sumMs;

    /// <summary>Milliseconds.</summary>
    public IReadOnlyList<int> UpperBoundsMs => upperBoundsMs;

    /// <summary>One for each bound, and one for longer durations. Not cumulative.</summary>
    public IReadOnlyList<long> Counts => _counts;

    /// <summary>The sum of all durations, in milliseconds.</summary>
    public long SumMs => Interlocked.Read(ref _sumMs);

    /// <param name="ms">Negative counts as zero.</param>
    public void Add(long ms)
    {
        int bucket = 0;
        while (bucket < upperBoundsMs.Count && ms > upperBoundsMs[bucket])
        {
            bucket++;
        }

        _counts[bucket]++;
        _sumMs += Math.Max(0, ms);
    }
}
