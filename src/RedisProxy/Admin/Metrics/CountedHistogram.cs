using System.Diagnostics.Metrics;

namespace RedisProxy.Admin;

/// <summary>
/// A histogram of System.Diagnostics.Metrics whose values are counted elsewhere, by event loops, which record nothing. An instrument takes
/// single values only, so what was counted since the last call is recorded as values that make up the same histogram: as many in each
/// bucket, and the same sum. (Minimum and maximum would be wrong.) One thread at a time.
/// </summary>
internal sealed class CountedHistogram
{
    private readonly Histogram<double> _instrument;
    private readonly Func<IEnumerable<HistogramSeries>> _read;
    private readonly Dictionary<string, Recorded> _recorded = [];

    /// <param name="meter">The meter that owns the instrument.</param>
    /// <param name="name">Name of the instrument.</param>
    /// <param name="description">Help text of the instrument.</param>
    /// <param name="upperBoundsMs">Upper bounds of the buckets of all series, in milliseconds.</param>
    /// <param name="read">Reads the current series.</param>
    public CountedHistogram(
        Meter meter, string name, string description, IReadOnlyList<int> upperBoundsMs, Func<IEnumerable<HistogramSeries>> read)
    {
        _read = read;
        var advice = new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [.. upperBoundsMs.Select(static ms => ms / HistogramSeries.MsPerSecond)],
        };
        _instrument = meter.CreateHistogram(name, "s", description, tags: null, advice);
    }

    public Instrument Instrument => _instrument;

    /// <summary>The current series, including those without a value yet.</summary>
    public IEnumerable<HistogramSeries> Read() => _read();

    /// <summary>Records what was counted since the last call.</summary>
    public void CatchUp()
    {
        if (!_instrument.Enabled)
        {
            return;
        }

        foreach (HistogramSeries series in _read())
        {
            string key = string.Join(' ', series.Tags);
            IReadOnlyList<long> counts = series.Counts;
            if (!_recorded.TryGetValue(key, out Recorded? recorded) || recorded.IsBeyond(counts))
            {
                recorded = _recorded[key] = new Recorded(series.UpperBoundsMs);
            }

            foreach ((double seconds, long times) in recorded.CatchUp(counts, series.SumMs))
            {
                for (long i = 0; i < times; i++)
                {
                    _instrument.Record(seconds, series.Tags);
                }
            }
        }
    }

    /// <summary>What has been recorded of one series.</summary>
    /// <param name="upperBoundsMs">Upper bounds of its buckets except the last, in milliseconds.</param>
    internal sealed class Recorded(IReadOnlyList<int> upperBoundsMs)
    {
        private readonly long[] _counts = new long[upperBoundsMs.Count + 1];
        private double _sumMs;

        /// <summary>Whether the counters have been reset since: the listener was removed and added again.</summary>
        public bool IsBeyond(IReadOnlyList<long> counts) => _counts.Where((count, bucket) => count > counts[bucket]).Any();

        /// <param name="counts">The current count of each bucket.</param>
        /// <param name="sumMs">The current sum. Loops go on counting while they are read, so it may be slightly newer than the counts; a
        /// difference that no values in the buckets can make up is left for the next call.</param>
        /// <returns>The values to record, and how many times each.</returns>
        public IReadOnlyList<(double Seconds, long Times)> CatchUp(IReadOnlyList<long> counts, long sumMs)
        {
            // Each value is at least the minimum of its bucket. The rest of the sum is spread over the first buckets that have room for it.
            double rest = sumMs - _sumMs - _counts.Select((before, bucket) => (counts[bucket] - before) * LeastMs(bucket)).Sum();
            var values = new List<(double Seconds, long Times)>();
            for (int bucket = 0; bucket < _counts.Length; bucket++)
            {
                long added = counts[bucket] - _counts[bucket];
                if (added == 0)
                {
                    continue;
                }

                double room = bucket < upperBoundsMs.Count ? upperBoundsMs[bucket] - LeastMs(bucket) : double.MaxValue;
                double more = Math.Clamp(rest / added, 0, room);
                double value = LeastMs(bucket) + more;
                rest -= more * added;
                _sumMs += value * added;
                _counts[bucket] += added;
                values.Add((value / HistogramSeries.MsPerSecond, added));
            }

            return values;
        }

        // Durations are whole milliseconds, and a bound is included in the bucket below it.
        private double LeastMs(int bucket) => bucket == 0 ? 0 : upperBoundsMs[bucket - 1] + 1;
    }
}
