using System.Globalization;

using Prometheus;

namespace RedisProxy.Admin;

/// <summary>One family of <see cref="PrometheusRegistry"/>.</summary>
internal interface IPrometheusFamily
{
    /// <summary>Ends the update of all series: removes those that are no longer reported.</summary>
    void Complete();
}

/// <summary>A family whose series have one value each.</summary>
internal interface IPrometheusValues : IPrometheusFamily
{
    /// <param name="value">The current value.</param>
    /// <param name="tags">The labels of the series; their names are the same each time.</param>
    void Set(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags);
}

/// <inheritdoc cref="IPrometheusFamily"/>
/// <param name="create">Creates the collector with these label names, which are known with the first series.</param>
internal abstract class PrometheusFamily<TCollector, TChild>(Func<string[], TCollector> create) : IPrometheusFamily
    where TCollector : Collector<TChild>
    where TChild : ChildBase
{
    private readonly HashSet<string> _reported = [];
    private TCollector? _collector;

    public virtual void Complete()
    {
        // A family without a series yet shows its name, kind and help.
        _collector ??= create([]);
        foreach (string[] labels in _collector.GetAllLabelValues().ToArray())
        {
            if (!_reported.Contains(KeyOf(labels)))
            {
                _collector.RemoveLabelled(labels);
            }
        }

        _reported.Clear();
    }

    /// <summary>The series with these labels.</summary>
    protected TChild SeriesOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string[] labels = LabelsOf(tags);
        if (_collector is null || _collector.LabelNames.Length != labels.Length)
        {
            _collector = create([.. tags.ToArray().Select(static tag => tag.Key)]);
        }

        _reported.Add(KeyOf(labels));
        return _collector.WithLabels(labels);
    }

    /// <summary>The series with these labels, from zero again.</summary>
    protected TChild ResetSeriesOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        _collector?.RemoveLabelled(LabelsOf(tags));
        return SeriesOf(tags);
    }

    private static string[] LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new string[tags.Length];
        for (int i = 0; i < tags.Length; i++)
        {
            labels[i] = Convert.ToString(tags[i].Value, CultureInfo.InvariantCulture) ?? "";
        }

        return labels;
    }

    private static string KeyOf(string[] labels) => string.Join('\0', labels);
}

internal sealed class PrometheusCounter(MetricFactory factory, string name, string help)
    : PrometheusFamily<Counter, Counter.Child>(labels => factory.CreateCounter(
        name, help, labels, new CounterConfiguration { SuppressInitialValue = labels.Length == 0 })), IPrometheusValues
{
    public void Set(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        Counter.Child series = SeriesOf(tags);

        // A counter that went back began anew: its listener was removed and added again.
        (series.Value <= value ? series : ResetSeriesOf(tags)).IncTo(value);
    }
}

internal sealed class PrometheusGauge(MetricFactory factory, string name, string help)
    : PrometheusFamily<Gauge, Gauge.Child>(labels => factory.CreateGauge(
        name, help, labels, new GaugeConfiguration { SuppressInitialValue = labels.Length == 0 })), IPrometheusValues
{
    public void Set(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) => SeriesOf(tags).Set(value);
}

internal sealed class PrometheusHistogram(MetricFactory factory, CountedHistogram histogram)
    : PrometheusFamily<Histogram, Histogram.Child>(labels => factory.CreateHistogram(
        histogram.Instrument.Name,
        histogram.Instrument.Description ?? "",
        labels,
        new HistogramConfiguration { Buckets = histogram.UpperBounds, SuppressInitialValue = labels.Length == 0 }))
{
    private readonly HistogramReplay _replay = new();

    /// <summary>Reads all series first.</summary>
    public override void Complete()
    {
        foreach ((HistogramSeries counted, bool isReset, IReadOnlyList<(double Seconds, long Times)> values) in
            _replay.CatchUp(histogram.Read()))
        {
            Histogram.Child series = isReset ? ResetSeriesOf(counted.Tags) : SeriesOf(counted.Tags);
            foreach ((double seconds, long times) in values)
            {
                series.Observe(seconds, times);
            }
        }

        base.Complete();
    }
}
