using System.Globalization;
using System.Text;

namespace RedisProxy.Admin;

internal enum MetricsFormat
{
    /// <summary>Version 0.0.4, which everything can read.</summary>
    Prometheus,

    /// <summary>1.0.0.</summary>
    OpenMetrics,
}

internal enum MetricKind
{
    Counter,
    Gauge,
    Histogram,

    /// <summary>Always 1; its labels are the content. Prometheus's own format calls it a gauge.</summary>
    Info,
}

/// <summary>The samples of one name on the page, with their description.</summary>
/// <param name="name">Without the suffix of its kind, but with <c>_info</c>.</param>
internal sealed class MetricFamily(string name, string help, MetricKind kind)
{
    private static readonly string[] Units = ["seconds", "bytes"];

    private readonly List<Sample> _samples = [];

    public void Clear() => _samples.Clear();

    /// <param name="suffix">Of the sample's name.</param>
    /// <param name="labels">As they are written, without the bound.</param>
    /// <param name="bound">Of a bucket.</param>
    public void Add(string suffix, string labels, string? bound, double value) => _samples.Add(new Sample(suffix, labels, bound, value));

    public void WriteTo(StringBuilder text, MetricsFormat format)
    {
        bool isOpen = format == MetricsFormat.OpenMetrics;
        string family = kind switch
        {
            MetricKind.Counter => isOpen ? name : name + "_total",
            MetricKind.Info => isOpen ? name[..name.LastIndexOf('_')] : name,
            _ => name,
        };
        string type = kind == MetricKind.Info && !isOpen ? "gauge" : kind.ToString().ToLowerInvariant();
        text.Append("# HELP ").Append(family).Append(' ').Append(isOpen ? Escape(help) : EscapeLine(help)).Append('\n');
        text.Append("# TYPE ").Append(family).Append(' ').Append(type).Append('\n');
        if (isOpen && Units.FirstOrDefault(unit => family.EndsWith("_" + unit, StringComparison.Ordinal)) is { } unit)
        {
            text.Append("# UNIT ").Append(family).Append(' ').Append(unit).Append('\n');
        }

        if (kind == MetricKind.Histogram)
        {
            WriteHistograms(text);
        }
        else
        {
            _samples.ForEach(sample => Write(text, sample));
        }
    }

    /// <summary>For label values, and in OpenMetrics also for the description.</summary>
    public static string Escape(string text) => EscapeLine(text).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string EscapeLine(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    // What belongs to the same labels must stand together.
    private void WriteHistograms(StringBuilder text)
    {
        foreach (IGrouping<string, Sample> histogram in _samples.GroupBy(static sample => sample.Labels))
        {
            double count = 0;
            foreach (Sample sample in histogram)
            {
                count = sample.Bound == HistogramSeries.Infinity ? sample.Value : count;
                Write(text, sample);
            }

            Write(text, new Sample("_count", histogram.Key, null, count));
        }
    }

    private void Write(StringBuilder text, Sample sample)
    {
        string labels = sample.Labels;
        if (sample.Bound is { } bound)
        {
            labels += $"{(labels.Length > 0 ? "," : "")}{HistogramSeries.BoundLabel}=\"{bound}\"";
        }

        text.Append(name).Append(sample.Suffix);
        if (labels.Length > 0)
        {
            text.Append('{').Append(labels).Append('}');
        }

        text.Append(' ').Append(sample.Value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private readonly record struct Sample(string Suffix, string Labels, string? Bound, double Value);
}
