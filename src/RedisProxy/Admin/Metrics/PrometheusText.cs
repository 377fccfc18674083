using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace RedisProxy.Admin;

/// <summary>
/// Writes the instruments of <see cref="ProxyMetrics"/> in Prometheus's text format (version 0.0.4, prometheus.io/docs/instrumenting/
/// exposition_formats) or in that of OpenMetrics 1.0 (the same samples; types, units and the end are said in another way). It listens like
/// any other consumer of System.Diagnostics.Metrics, so another exporter can take its place without a change elsewhere. Observable
/// instruments only: nothing is recorded between two scrapes.
/// <para>
/// An observable instrument cannot be a histogram, so one is made of two counters: <c>…_bucket</c> with a label <c>le</c>, cumulative, and
/// <c>…_sum</c>. Here they become one family again; its <c>…_count</c> is the bucket of infinity.
/// </para>
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly Lock _scraping = new();

    public PrometheusText(ProxyMetrics metrics)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, metrics.Meter))
            {
                listener.EnableMeasurementEvents(instrument, new Series(FamilyOf(instrument), SuffixOf(instrument)));
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, series) => ((Series)series!).Add(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, series) => ((Series)series!).Add(value, tags));
        _listener.Start();
    }

    /// <summary>The present values of all instruments. Any thread; one scrape at a time.</summary>
    public string Scrape(MetricsFormat format)
    {
        lock (_scraping)
        {
            foreach (MetricFamily family in _families.Values)
            {
                family.Clear();
            }

            _listener.RecordObservableInstruments();
            var text = new StringBuilder();
            foreach (MetricFamily family in _families.Values)
            {
                family.WriteTo(text, format);
            }

            return text.Append(format == MetricsFormat.OpenMetrics ? "# EOF\n" : "").ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    private MetricFamily FamilyOf(Instrument instrument)
    {
        bool isCounter = instrument is ObservableCounter<long> or ObservableCounter<double>;
        bool isPart = isCounter && SuffixOf(instrument) is HistogramSeries.BucketSuffix or HistogramSeries.SumSuffix;
        string name = isPart ? instrument.Name[..instrument.Name.LastIndexOf('_')] : instrument.Name;
        if (!_families.TryGetValue(name, out MetricFamily? family))
        {
            MetricKind kind = isPart ? MetricKind.Histogram
                : isCounter ? MetricKind.Counter
                : name.EndsWith("_info", StringComparison.Ordinal) ? MetricKind.Info : MetricKind.Gauge;
            family = new MetricFamily(name, instrument.Description ?? "", kind);
            _families.Add(name, family);
        }

        return family;
    }

    private static string SuffixOf(Instrument instrument) =>
        instrument is not (ObservableCounter<long> or ObservableCounter<double>) ? ""
        : instrument.Name.EndsWith(HistogramSeries.BucketSuffix, StringComparison.Ordinal) ? HistogramSeries.BucketSuffix
        : instrument.Name.EndsWith(HistogramSeries.SumSuffix, StringComparison.Ordinal) ? HistogramSeries.SumSuffix
        : "_total";

    /// <summary>What one instrument says goes to its family.</summary>
    private sealed record Series(MetricFamily Family, string Suffix)
    {
        public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = new StringBuilder();
            string? bound = null;
            foreach ((string label, object? content) in tags)
            {
                string text = Convert.ToString(content, CultureInfo.InvariantCulture) ?? "";
                if (label == HistogramSeries.BoundLabel)
                {
                    bound = text;
                    continue;
                }

                labels.Append(labels.Length > 0 ? "," : "").Append(label).Append("=\"").Append(MetricFamily.Escape(text)).Append('"');
            }

            Family.Add(Suffix, labels.ToString(), bound, value);
        }
    }
}
