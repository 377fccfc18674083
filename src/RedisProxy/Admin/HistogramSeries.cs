using System.Diagnostics.Metrics;
using System.Globalization;

using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>One histogram with its labels, summed over the threads that count.</summary>
/// <param name="Tags">Without the bound.</param>
/// <param name="Parts">At least one, all with the same bounds.</param>
internal sealed record HistogramSeries(KeyValuePair<string, object?>[] Tags, IReadOnlyList<DurationHistogram> Parts)
{
    private const double MsPerSecond = 1000;

    /// <summary>Cumulative, the last one has no bound; in seconds.</summary>
    public IEnumerable<Measurement<long>> Buckets()
    {
        IReadOnlyList<int> bounds = Parts[0].UpperBoundsMs;
        long count = 0;
        for (int i = 0; i <= bounds.Count; i++)
        {
            count += Parts.Sum(part => part.Counts[i]);
            string bound = i == bounds.Count ? PrometheusText.Infinity : Canonical(bounds[i]);
            yield return new Measurement<long>(count, [.. Tags, new(PrometheusText.BoundLabel, bound)]);
        }
    }

    /// <summary>Seconds.</summary>
    public Measurement<double> Sum() => new(Parts.Sum(static part => part.SumMs) / MsPerSecond, Tags);

    // OpenMetrics wants a fraction, and series must have the same names in both formats.
    private static string Canonical(int ms) => (ms / MsPerSecond).ToString("0.0##", CultureInfo.InvariantCulture);
}
