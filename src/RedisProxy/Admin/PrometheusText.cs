using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace RedisProxy.Admin;

/// <summary>
/// Writes the instruments of <see cref="ProxyMetrics"/> in Prometheus's text format (version 0.0.4, prometheus.io/docs/instrumenting/
/// exposition_formats). It listens like any other consumer of System.Diagnostics.Metrics, so another exporter can take its place without
/// a change elsewhere. Observable instruments only: nothing is recorded between two scrapes.
/// </summary>
internal sealed class PrometheusText : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly Lock _scraping = new();

    public PrometheusText(ProxyMetrics metrics)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, metrics.Meter))
            {
                listener.EnableMeasurementEvents(instrument, AddFamily(instrument));
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((Family)family!).Add(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((Family)family!).Add(value, tags));
        _listener.Start();
    }

    /// <summary>All instruments as they are now. Any thread; one scrape at a time.</summary>
    public string Scrape()
    {
        lock (_scraping)
        {
            foreach (Family family in _families.Values)
            {
                family.Lines.Clear();
            }

            _listener.RecordObservableInstruments();
            var text = new StringBuilder();
            foreach (Family family in _families.Values)
            {
                text.Append("# HELP ").Append(family.Name).Append(' ').Append(family.Help).Append('\n');
                text.Append("# TYPE ").Append(family.Name).Append(' ').Append(family.Type).Append('\n');
                text.Append(family.Lines);
            }

            return text.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    private Family AddFamily(Instrument instrument)
    {
        bool isCounter = instrument is ObservableCounter<long> or ObservableCounter<double>;
        string name = isCounter ? instrument.Name + "_total" : instrument.Name;
        var family = new Family(name, instrument.Description ?? "", isCounter ? "counter" : "gauge");
        _families.Add(name, family);
        return family;
    }

    private sealed record Family(string Name, string Help, string Type)
    {
        public StringBuilder Lines { get; } = new();

        public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            Lines.Append(Name);
            char separator = '{';
            foreach ((string label, object? text) in tags)
            {
                Lines.Append(separator).Append(label).Append("=\"").Append(Escape(text?.ToString() ?? "")).Append('"');
                separator = ',';
            }

            Lines.Append(tags.IsEmpty ? " " : "} ").Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        }

        private static string Escape(string text) => text
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
    }
}
