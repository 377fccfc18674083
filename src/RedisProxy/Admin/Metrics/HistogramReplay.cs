using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>
/// Turns the counters of a histogram into values for a consumer that accepts single values only: what was counted since the last call, as
/// values that make up the same histogram, as many in each bucket and with the same sum. (Minimum and maximum would be wrong.) One for each
/// consumer, and one thread at a time.
/// </summary>
internal sealed class HistogramReplay
{
    private readonly Dictionary<string, Recorded> _recorded = [];

    /// <param name="all">All current series. What is no longer among them is forgotten: if it comes again, it counts from zero.</param>
    /// <returns>For each series the values since the last call and how many times each; and whether they are all of its values, because it
    /// was reset since: its listener was removed and added again.</returns>
    public IReadOnlyList<(HistogramSeries Series, bool IsReset, IReadOnlyList<(double Seconds, long Times)> Values)> CatchUp(
        IEnumerable<HistogramSeries> all)
    {
        List<(HistogramSeries, bool, IReadOnlyList<(double, long)>)> result = [];
        HashSet<string> current = [];
        foreach (HistogramSeries series in all)
        {
            string key = string.Join(' ', series.Tags);
            current.Add(key);
            IReadOnlyList<long> counts = series.Counts;
            bool isKnown = _recorded.TryGetValue(key, out Recorded? recorded);
            bool isReset = isKnown && recorded!.IsBeyond(counts);
            if (!isKnown || isReset)
            {
                recorded = _recorded[key] = new Recorded(series.UpperBounds, series.UnitsPerSecond);
            }

            result.Add((series, isReset, recorded!.CatchUp(counts, series.Sum)));
        }

        foreach (string gone in _recorded.Keys.Except(current).ToArray())
        {
            _recorded.Remove(gone);
        }

        return result;
    }

    /// <summary>What has been recorded of one series.</summary>
    /// <param name="upperBounds">Upper bounds of its buckets except the last.</param>
    /// <param name="unitsPerSecond">Of the bounds.</param>
    internal sealed class Recorded(IReadOnlyList<int> upperBounds, double unitsPerSecond = DurationHistogram.MsPerSecond)
    {
        private readonly long[] _counts = new long[upperBounds.Count + 1];
        private double _sum;

        /// <summary>Whether the counters have been reset since.</summary>
        public bool IsBeyond(IReadOnlyList<long> counts) => _counts.Where((count, bucket) => count > counts[bucket]).Any();

        /// <param name="counts">The current count of each bucket.</param>
        /// <param name="sum">The current sum. Loops go on counting while they are read, so it may be slightly newer than the counts; a
        /// difference that no values in the buckets can make up is left for the next call.</param>
        /// <returns>The values to record, and how many times each.</returns>
        public IReadOnlyList<(double Seconds, long Times)> CatchUp(IReadOnlyList<long> counts, long sum)
        {
            // Each value is at least the minimum of its bucket. The rest of the sum is spread over the first buckets that have room for it.
            double rest = sum - _sum - _counts.Select((before, bucket) => (counts[bucket] - before) * Least(bucket)).Sum();
            var values = new List<(double Seconds, long Times)>();
            for (int bucket = 0; bucket < _counts.Length; bucket++)
            {
                long added = counts[bucket] - _counts[bucket];
                if (added == 0)
                {
                    continue;
                }

                double room = bucket < upperBounds.Count ? upperBounds[bucket] - Least(bucket) : double.MaxValue;
                double more = Math.Clamp(rest / added, 0, room);
                double value = Least(bucket) + more;
                rest -= more * added;
                _sum += value * added;
                _counts[bucket] += added;
                values.Add((value / unitsPerSecond, added));
            }

            return values;
        }

        // Durations are whole units, and a bound is included in the bucket below it.
        private double Least(int bucket) => bucket == 0 ? 0 : upperBounds[bucket - 1] + 1;
    }
}
