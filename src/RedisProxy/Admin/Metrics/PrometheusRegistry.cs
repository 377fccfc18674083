using System.Diagnostics.Metrics;

using Prometheus;

using RedisProxy.DataPlane;

namespace RedisProxy.Admin;

/// <summary>
/// The instruments of <see cref="ProxyMetrics"/> as collectors of prometheus-net, whose middleware serves them on <c>/metrics</c>. They are
/// filled before each scrape; between scrapes nothing is recorded here.
/// </summary>
internal sealed class PrometheusRegistry : IDisposable
{
    // A hung loop must not hide the metrics that reveal it; /healthz/live names it.
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    private readonly MeterListener _listener = new();
    private readonly List<IPrometheusFamily> _families = [];
    private readonly MetricFactory _factory;
    private readonly ProxyMetrics _metrics;
    private readonly Forwarder _forwarder;
    private readonly TimeProvider _time;
    private readonly Lock _filling = new();

    public PrometheusRegistry(ProxyMetrics metrics, Forwarder forwarder, TimeProvider time)
    {
        _metrics = metrics;
        _forwarder = forwarder;
        _time = time;
        _factory = Metrics.WithCustomRegistry(Registry);

        // By default they would name the trace of the scrape itself.
        _factory.ExemplarBehavior = ExemplarBehavior.NoExemplars();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, metrics.Meter) && instrument.IsObservable)
            {
                listener.EnableMeasurementEvents(instrument, Add(FamilyOf(instrument)));
            }
        };
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, family) => ((IPrometheusValues)family!).Set(value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, family) => ((IPrometheusValues)family!).Set(value, tags));
        _listener.Start();
        foreach (CountedHistogram histogram in metrics.Histograms)
        {
            Add(new PrometheusHistogram(_factory, histogram));
        }

        Registry.AddBeforeCollectCallback(FillAsync);
    }

    public CollectorRegistry Registry { get; } = Metrics.NewCustomRegistry();

    public void Dispose() => _listener.Dispose();

    private async Task FillAsync(CancellationToken stop)
    {
        await _forwarder.TryCountPendingAsync(MaxWait, _time);
        lock (_filling)
        {
            // For those who listen to the instruments themselves, such as dotnet-counters.
            _metrics.CatchUp();
            _listener.RecordObservableInstruments();
            _families.ForEach(static family => family.Complete());
        }
    }

    private IPrometheusFamily Add(IPrometheusFamily family)
    {
        _families.Add(family);
        return family;
    }

    private IPrometheusFamily FamilyOf(Instrument instrument)
    {
        string help = instrument.Description ?? "";
        return instrument is ObservableCounter<long> or ObservableCounter<double>
            ? new PrometheusCounter(_factory, $"{instrument.Name}_total", help)
            : new PrometheusGauge(_factory, instrument.Name, help);
    }
}
