namespace RedisProxy.Topology;

/// <summary>
/// A histogram of durations. Plain fields that one thread writes; a scrape reads them as they are and sums those of all threads. Adding a
/// duration only finds its bucket: no allocation, no lock.
/// </summary>
/// <param name="upperBounds">Of the buckets, inclusive, increasing. Longer durations have a bucket of their own.</param>
/// <param name="unitsPerSecond">Of the bounds and of the durations: milliseconds, unless they are microseconds.</param>
internal sealed class DurationHistogram(int[] upperBounds, int unitsPerSecond = DurationHistogram.MsPerSecond)
{
    public const int MsPerSecond = 1000;
    public const int UsPerSecond = 1_000_000;

    private readonly long[] _counts = new long[upperBounds.Length + 1];
    private long _sum;

    public int UnitsPerSecond => unitsPerSecond;

    public IReadOnlyList<int> UpperBounds => upperBounds;

    /// <summary>One for each bound, and one for longer durations. Not cumulative.</summary>
    public IReadOnlyList<long> Counts => _counts;

    /// <summary>The sum of all durations.</summary>
    public long Sum => Interlocked.Read(ref _sum);

    /// <param name="duration">Negative counts as zero.</param>
    public void Add(long duration)
    {
        int bucket = 0;
        while (bucket < upperBounds.Length && duration > upperBounds[bucket])
        {
            bucket++;
        }

        _counts[bucket]++;
        _sum += Math.Max(0, duration);
    }
}
