using RedisProxy.Topology;

namespace RedisProxy.Tests.Simulation;

/// <summary>Looks at one accepted master, as the product's probe does: often until it is up, then at the poll interval.</summary>
internal sealed class SimulatedProbe
{
    private const long IntervalUs = 1_000_000;
    private const long QuickIntervalUs = 100_000;
    private const long TimeoutUs = 1_000_000;

    private readonly World _world;
    private readonly MasterTracker _tracker;
    private readonly SimulatedRedis? _node;
    private readonly Action _onReport;
    private readonly SimulatedPace _pace;
    private bool _isStopped;

    public SimulatedProbe(World world, MasterTracker tracker, SimulatedRedis? node, Action onReport)
    {
        _world = world;
        _tracker = tracker;
        _node = node;
        _onReport = onReport;
        _pace = new SimulatedPace(world, Look);
        Generation = tracker.Generation;
    }

    public long Generation { get; }

    public void Start() => _pace.Begin();

    public void Kick() => _pace.Kick();

    public void Stop()
    {
        _isStopped = true;
        _pace.Stop();
    }

    private void Look()
    {
        long suspicion = _tracker.Suspicions.Newest;
        _world.After(_world.Between(100, 3_000), () =>
        {
            (ProbeVerdict verdict, string detail) = _node?.Look() ?? (ProbeVerdict.NoConnection, "nobody");
            bool isSilent = verdict is ProbeVerdict.NoAnswer or ProbeVerdict.NoConnection;
            _world.After(isSilent ? TimeoutUs : _world.Between(50, 2_000), () => Report(verdict, detail, suspicion));
        });
    }

    private void Report(ProbeVerdict verdict, string detail, long suspicion)
    {
        if (_isStopped)
        {
            return;
        }

        _world.Note("seen", (long)verdict, suspicion);
        _pace.End(verdict == ProbeVerdict.Up ? IntervalUs : QuickIntervalUs);
        _tracker.OnProbe(new ProbeReport(Generation, verdict, detail, suspicion));
        _onReport();
    }
}
