using System.Diagnostics.Metrics;

using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>
/// A histogram whose values are counted by event loops, which record nothing: its instrument of System.Diagnostics.Metrics is brought up to
/// date on request. One thread at a time.
/// </summary>
internal sealed class CountedHistogram
{
    private readonly Histogram<double> _instrument;
    private readonly HistogramReplay _replay = new();

    /// <param name="meter">The meter that owns the instrument.</param>
    /// <param name="name">Name of the instrument.</param>
    /// <param name="description">Help text of the instrument.</param>
    /// <param name="upperBounds">Upper bounds of the buckets of all series.</param>
    /// <param name="read">Reads the current series, including those without a value yet.</param>
    /// <param name="unitsPerSecond">Of the bounds.</param>
    public CountedHistogram(
        Meter meter,
        string name,
        string description,
        IReadOnlyList<int> upperBounds,
        Func<IEnumerable<HistogramSeries>> read,
        double unitsPerSecond = DurationHistogram.MsPerSecond)
    {
        UpperBounds = [.. upperBounds.Select(bound => bound / unitsPerSecond)];
        Read = read;
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = UpperBounds };
        _instrument = meter.CreateHistogram(name, "s", description, tags: null, advice);
    }

    public Instrument Instrument => _instrument;

    /// <summary>Upper bounds of the buckets, in seconds.</summary>
    public double[] UpperBounds { get; }

    /// <summary>Reads the current series.</summary>
    public Func<IEnumerable<HistogramSeries>> Read { get; }

    /// <summary>Records what was counted since the last call.</summary>
    public void CatchUp()
    {
        if (!_instrument.Enabled)
        {
            // Whoever listens later is told what comes later, and not all that was counted since the start.
            _replay.CatchUp(Read());
            return;
        }

        foreach ((HistogramSeries series, _, IReadOnlyList<(double Seconds, long Times)> values) in _replay.CatchUp(Read()))
        {
            foreach ((double seconds, long times) in values)
            {
                for (long i = 0; i < times; i++)
                {
                    _instrument.Record(seconds, series.Tags);
                }
            }
        }
    }
}
