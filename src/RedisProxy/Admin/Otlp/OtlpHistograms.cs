using System.Diagnostics.Metrics;

using OpenTelemetry.Metrics;

namespace RedisProxy.Admin;

/// <summary>
/// Histograms for the OpenTelemetry SDK. It makes them of single values only, while the proxy has counted its values already. So what was
/// added since the last time is recorded as values that make the same histogram: as many in each bucket, and with the same sum. (Least and
/// greatest would be wrong, and are not sent.)
/// </summary>
internal sealed class OtlpHistograms : IDisposable
{
    private const double MsPerSecond = 1000;

    private readonly Meter _meter;
    private readonly (HistogramSource Source, Histogram<double> Instrument)[] _histograms;
    private readonly Dictionary<string, double[]> _bounds = [];
    private readonly Dictionary<string, Recorded> _recorded = [];

    public OtlpHistograms(ProxyMetrics metrics)
    {
        // With the name of the other one: a collector sees one meter.
        _meter = new Meter(metrics.Meter.Name, metrics.Meter.Version);
        _histograms =
            [.. metrics.Histograms.Select(source => (source, _meter.CreateHistogram<double>(source.Name, "s", source.Description)))];
        foreach (HistogramSource source in metrics.Histograms)
        {
            _bounds[source.Name] = [.. source.Read().First().UpperBoundsMs.Select(ms => ms / MsPerSecond)];
        }
    }

    /// <summary>The two counters that a histogram is for Prometheus's format are left out.</summary>
    public MetricStreamConfiguration? ViewOf(Instrument instrument)
    {
        if (instrument is Histogram<double>)
        {
            return new ExplicitBucketHistogramConfiguration { Boundaries = _bounds[instrument.Name], RecordMinMax = false };
        }

        return _bounds.Keys.Any(name =>
            instrument.Name == name + HistogramSeries.BucketSuffix || instrument.Name == name + HistogramSeries.SumSuffix)
            ? MetricStreamConfiguration.Drop
            : null;
    }

    /// <summary>Brings the SDK's histograms to where the proxy's are now.</summary>
    public void Record()
    {
        foreach ((HistogramSource source, Histogram<double> instrument) in _histograms)
        {
            foreach (HistogramSeries series in source.Read())
            {
                string key = $"{source.Name} {string.Join(' ', series.Tags)}";
                IReadOnlyList<long> counts = series.Counts;
                if (!_recorded.TryGetValue(key, out Recorded? recorded) || recorded.IsBeyond(counts))
                {
                    recorded = _recorded[key] = new Recorded(series.UpperBoundsMs);
                }

                foreach ((double seconds, long times) in recorded.CatchUp(counts, series.SumMs))
                {
                    for (long i = 0; i < times; i++)
                    {
                        instrument.Record(seconds, series.Tags);
                    }
                }
            }
        }
    }

    public void Dispose() => _meter.Dispose();

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
                values.Add((value / MsPerSecond, added));
            }

            return values;
        }

        // Durations are whole milliseconds, and bounds belong to the bucket below.
        private double LeastMs(int bucket) => bucket == 0 ? 0 : upperBoundsMs[bucket - 1] + 1;
    }
}
