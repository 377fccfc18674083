using System.Globalization;

using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>One histogram with its labels, summed over the threads that count.</summary>
/// <param name="Tags">Without the bound.</param>
/// <param name="Parts">At least one, all with the same bounds.</param>
internal sealed record HistogramSeries(KeyValuePair<string, object?>[] Tags, IReadOnlyList<DurationHistogram> Parts)
{
    public const double MsPerSecond = 1000;

    private const string Infinity = "+Inf";

    public IReadOnlyList<int> UpperBoundsMs => Parts[0].UpperBoundsMs;

    public long SumMs => Parts.Sum(static part => part.SumMs);

    /// <summary>Not cumulative; the last bucket is for values beyond all bounds.</summary>
    public IReadOnlyList<long> Counts =>
        [.. Enumerable.Range(0, UpperBoundsMs.Count + 1).Select(bucket => Parts.Sum(part => part.Counts[bucket]))];

    /// <summary>As Prometheus has them: cumulative, the last one has no bound; in seconds.</summary>
    public IEnumerable<(string Bound, long Count)> Buckets()
    {
        IReadOnlyList<int> bounds = UpperBoundsMs;
        IReadOnlyList<long> counts = Counts;
        long count = 0;
        for (int i = 0; i <= bounds.Count; i++)
        {
            count += counts[i];
            yield return (i == bounds.Count ? Infinity : Canonical(bounds[i]), count);
        }
    }

    // OpenMetrics wants a fraction, and series must have the same names in both formats.
    private static string Canonical(int ms) => (ms / MsPerSecond).ToString("0.0##", CultureInfo.InvariantCulture);
}
