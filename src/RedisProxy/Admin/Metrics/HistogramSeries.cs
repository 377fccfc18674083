using System.Diagnostics.Metrics;
using System.Globalization;

using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>All histograms of one name.</summary>
/// <param name="Name">Without a suffix.</param>
/// <param name="Description">For people.</param>
/// <param name="Read">As they are now; at least one, all with the same bounds.</param>
internal sealed record HistogramSource(string Name, string Description, Func<IEnumerable<HistogramSeries>> Read);

/// <summary>One histogram with its labels, summed over the threads that count.</summary>
/// <param name="Tags">Without the bound.</param>
/// <param name="Parts">At least one, all with the same bounds.</param>
internal sealed record HistogramSeries(KeyValuePair<string, object?>[] Tags, IReadOnlyList<DurationHistogram> Parts)
{
    public const string BucketSuffix = "_bucket";
    public const string SumSuffix = "_sum";
    public const string BoundLabel = "le";
    public const string Infinity = "+Inf";

    private const double MsPerSecond = 1000;

    public IReadOnlyList<int> UpperBoundsMs => Parts[0].UpperBoundsMs;

    public long SumMs => Parts.Sum(static part => part.SumMs);

    /// <summary>Not cumulative; the last bucket is for values beyond all bounds.</summary>
    public IReadOnlyList<long> Counts =>
        [.. Enumerable.Range(0, UpperBoundsMs.Count + 1).Select(bucket => Parts.Sum(part => part.Counts[bucket]))];

    /// <summary>Cumulative, the last one has no bound; in seconds.</summary>
    public IEnumerable<Measurement<long>> Buckets()
    {
        IReadOnlyList<int> bounds = UpperBoundsMs;
        IReadOnlyList<long> counts = Counts;
        long count = 0;
        for (int i = 0; i <= bounds.Count; i++)
        {
            count += counts[i];
            string bound = i == bounds.Count ? Infinity : Canonical(bounds[i]);
            yield return new Measurement<long>(count, [.. Tags, new(BoundLabel, bound)]);
        }
    }

    /// <summary>Seconds.</summary>
    public Measurement<double> Sum() => new(SumMs / MsPerSecond, Tags);

    // OpenMetrics wants a fraction, and series must have the same names in both formats.
    private static string Canonical(int ms) => (ms / MsPerSecond).ToString("0.0##", CultureInfo.InvariantCulture);
}
