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
    /// <param name="labels">As they are written.</param>
    public void Add(string suffix, string labels, double value) => _samples.Add(new Sample(suffix, labels, value));

    /// <summary>All samples of one series of a histogram.</summary>
    /// <param name="labels">As they are written, without the bound.</param>
    public void Add(string labels, HistogramSeries series)
    {
        string prefix = labels.Length > 0 ? labels + "," : "";
        long count = 0;
        foreach ((string bound, long cumulative) in series.Buckets())
        {
            count = cumulative;
            Add("_bucket", $"{prefix}le=\"{bound}\"", count);
        }

        Add("_sum", labels, series.SumMs / HistogramSeries.MsPerSecond);
        Add("_count", labels, count);
    }

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

        _samples.ForEach(sample => Write(text, sample));
    }

    /// <summary>For label values, and in OpenMetrics also for the description.</summary>
    public static string Escape(string text) => EscapeLine(text).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string EscapeLine(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private void Write(StringBuilder text, Sample sample)
    {
        text.Append(name).Append(sample.Suffix);
        if (sample.Labels.Length > 0)
        {
            text.Append('{').Append(sample.Labels).Append('}');
        }

        text.Append(' ').Append(sample.Value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private readonly record struct Sample(string Suffix, string Labels, double Value);
}
