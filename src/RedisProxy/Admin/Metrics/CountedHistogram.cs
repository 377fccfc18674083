using System.Diagnostics.Metrics;

namespace RedisProxy.Admin;

/// <summary>
/// A histogram of System.Diagnostics.Metrics whose values are counted elsewhere, by event loops, which record nothing. An instrument takes
/// single values only. So what was added since the last time is recorded as values that make the same histogram: as many in each bucket,
/// and with the same sum. (Least and greatest would be wrong.) One thread at a time.
/// </summary>
internal sealed class CountedHistogram
{
    private readonly Histogram<double> _instrument;
    private readonly Func<IEnumerable<HistogramSeries>> _read;
    private readonly Dictionary<string, Recorded> _recorded = [];

    /// <param name="meter">Gets the instrument.</param>
    /// <param name="name">Of the instrument.</param>
    /// <param name="description">For people.</param>
    /// <param name="upperBoundsMs">Of the buckets of all series.</param>
    /// <param name="read">The series as they are now.</param>
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

    /// <summary>As they are now, those that have counted nothing yet too.</summary>
    public IEnumerable<HistogramSeries> Read() => _read();

    /// <summary>Brings the instrument to where the counters are now.</summary>
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

    /// <summary>How far one series has been recorded.</summary>
    /// <param name="upperBoundsMs">Of its buckets but the last one.</param>
    internal sealed class Recorded(IReadOnlyList<int> upperBoundsMs)
    {
        private readonly long[] _counts = new long[upperBoundsMs.Count + 1];
        private double _sumMs;

        /// <summary>The series began anew: its listener was removed and added again.</summary>
        public bool IsBeyond(IReadOnlyList<long> counts) => _counts.Where((count, bucket) => count > counts[bucket]).Any();

        /// <param name="counts">Of the buckets as they are now.</param>
        /// <param name="sumMs">Loops go on counting while they are read, so it may be of another moment than the counts. What values in the
        /// buckets cannot make up is made up the next time.</param>
        /// <returns>Values to be recorded, each so many times.</returns>
        public IReadOnlyList<(double Seconds, long Times)> CatchUp(IReadOnlyList<long> counts, long sumMs)
        {
            // Every value is at least the least of its bucket. What the sum has beyond goes to the first buckets that have room for it.
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

        // Durations are whole milliseconds, and bounds belong to the bucket below.
        private double LeastMs(int bucket) => bucket == 0 ? 0 : upperBoundsMs[bucket - 1] + 1;
    }
}
