namespace RedisProxy.Topology;

/// <summary>
/// The master's write offset over time: translates a replica's offset into seconds, and measures the write rate. Belongs to one
/// <see cref="ReplicaWatch"/>.
/// </summary>
internal sealed class WriteProgress
{
    // One a second: more than an hour.
    private const int MaxSamples = 4096;

    private static readonly TimeSpan Smoothing = TimeSpan.FromSeconds(10);

    private readonly List<(TimeSpan At, long Offset)> _samples = [];

    /// <summary>Bytes per second.</summary>
    public double Rate { get; private set; }

    public long? Newest => _samples.Count == 0 ? null : _samples[^1].Offset;

    public void Add(TimeSpan now, long offset)
    {
        if (_samples.Count > 0)
        {
            (TimeSpan at, long before) = _samples[^1];
            if (offset < before)
            {
                // Another history.
                Clear();
            }
            else if (now > at)
            {
                double seconds = (now - at).TotalSeconds;
                Rate += (((offset - before) / seconds) - Rate) * (1 - Math.Exp(-seconds / Smoothing.TotalSeconds));
            }
        }

        if (_samples.Count == MaxSamples)
        {
            _samples.RemoveRange(0, MaxSamples / 4);
        }

        _samples.Add((now, offset));
    }

    /// <summary>How long ago the master wrote the first byte missing at this offset; zero when nothing is missing.</summary>
    public TimeSpan LagOf(long offset, TimeSpan now)
    {
        int first = 0;
        int end = _samples.Count;
        while (first < end)
        {
            int middle = (first + end) / 2;
            (first, end) = _samples[middle].Offset > offset ? (first, middle) : (middle + 1, end);
        }

        return first == _samples.Count ? TimeSpan.Zero : now - _samples[first].At;
    }

    public void Clear()
    {
        _samples.Clear();
        Rate = 0;
    }
}
