using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace RedisProxy.Admin;

/// <summary>
/// Writes the instruments of <see cref="ProxyMetrics"/> in Prometheus's text format (version 0.0.4, prometheus.io/docs/instrumenting/
/// exposition_formats) or in that of OpenMetrics 1.0 (the same samples; types, units and the end are said in another way). It listens like
/// any other consumer of System.Diagnostics.Metrics, so another exporter can take its place without a change elsewhere.
/// <para>
/// But for histograms: what is written of them is what was counted, exactly, and also of series without a value. Recorded values would say
/// neither.
/// </para>
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    private readonly ProxyMetrics _metrics;
    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly Lock _scraping = new();

    public PrometheusText(ProxyMetrics metrics)
    {
        _metrics = metrics;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, metrics.Meter) && instrument.IsObservable)
            {
                listener.EnableMeasurementEvents(instrument, new Series(FamilyOf(instrument), IsCounter(instrument) ? "_total" : ""));
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

            _metrics.CatchUp();
            _listener.RecordObservableInstruments();
            foreach (CountedHistogram histogram in _metrics.Histograms)
            {
                MetricFamily family = FamilyOf(histogram.Instrument);
                foreach (HistogramSeries series in histogram.Read())
                {
                    family.Add(LabelsOf(series.Tags), series);
                }
            }

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
        string name = instrument.Name;
        if (!_families.TryGetValue(name, out MetricFamily? family))
        {
            MetricKind kind = instrument is Histogram<double> ? MetricKind.Histogram
                : IsCounter(instrument) ? MetricKind.Counter
                : name.EndsWith("_info", StringComparison.Ordinal) ? MetricKind.Info : MetricKind.Gauge;
            family = new MetricFamily(name, instrument.Description ?? "", kind);
            _families.Add(name, family);
        }

        return family;
    }

    private static bool IsCounter(Instrument instrument) => instrument is ObservableCounter<long> or ObservableCounter<double>;

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new StringBuilder();
        foreach ((string label, object? content) in tags)
        {
            string text = Convert.ToString(content, CultureInfo.InvariantCulture) ?? "";
            labels.Append(labels.Length > 0 ? "," : "").Append(label).Append("=\"").Append(MetricFamily.Escape(text)).Append('"');
        }

        return labels.ToString();
    }

    /// <summary>What one instrument says goes to its family.</summary>
    private sealed record Series(MetricFamily Family, string Suffix)
    {
        public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) => Family.Add(Suffix, LabelsOf(tags), value);
    }
}
