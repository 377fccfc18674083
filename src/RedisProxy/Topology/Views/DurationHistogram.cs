namespace RedisProxy.Topology;

/// <summary>
/// Durations counted by how long they were. Plain fields that one thread writes; whoever scrapes reads them as they are and adds those of
/// all threads. To count one is to find its bucket: nothing is allocated, nothing locked.
/// </summary>
/// <param name="upperBoundsMs">Of the buckets, each included, growing. What is longer than the last one has a bucket of its own.</param>
internal sealed class DurationHistogram(IReadOnlyList<int> upperBoundsMs)
{
    private readonly long[] _counts = new long[upperBoundsMs.Count + 1];
    private long _sumMs;

    /// <summary>Milliseconds.</summary>
    public IReadOnlyList<int> UpperBoundsMs => upperBoundsMs;

    /// <summary>One for each bound, and one for what is longer. Not cumulative.</summary>
    public IReadOnlyList<long> Counts => _counts;

    /// <summary>Of all durations, in milliseconds.</summary>
    public long SumMs => Interlocked.Read(ref _sumMs);

    /// <param name="ms">A negative one counts as none.</param>
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
