using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>
/// Should this proxy receive traffic? Yes once its listeners are bound and a master was known. It does not flip during a failover: every
/// proxy sees the same failover, and an orchestrator would remove all of them at the moment they are needed. Problems are described in
/// the body.
/// </summary>
internal sealed class Readiness
{
    private readonly Forwarder _forwarder;
    private readonly List<SeenServing> _masters = [];

    private readonly TimeProvider _time;
    private readonly long _start;

    public Readiness(Forwarder forwarder, TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        _forwarder = forwarder;
        foreach (ITopologySource source in forwarder.Listeners.Select(listener => listener.Source).Distinct())
        {
            var seen = new SeenServing();
            _masters.Add(seen);
            source.Subscribe(seen);
        }
    }

    /// <summary>Since the process began to serve.</summary>
    public TimeSpan Uptime => _time.GetElapsedTime(_start);

    public bool AreListenersBound { get; set; }

    public bool IsStopping { get; set; }

    /// <summary>False when an operator has drained every listener: no client can connect then.</summary>
    public bool IsReady => HasStarted && !IsStopping && _forwarder.Listeners.Any(listener => !listener.IsDraining);

    /// <summary>It has been ready once.</summary>
    public bool HasStarted => AreListenersBound && _masters.TrueForAll(master => master.Once);

    /// <summary>One line per listener, for people.</summary>
    public IEnumerable<string> Describe()
    {
        if (IsStopping)
        {
            yield return "stopping";
        }

        foreach (DataPlaneListener listener in _forwarder.Listeners)
        {
            TopologyView view = listener.Source.Current;
            string master = view.Master is { } node ? $"{node.Announced} (epoch {view.Epoch}, generation {view.Generation})" : "unknown";
            string reason = view.Reason.Length > 0 ? $": {view.Reason}" : "";
            string draining = listener.IsDraining ? ", draining" : "";
            string where = $"listener '{listener.Options.Name}' on {listener.Options.Bind}{draining}";
            yield return $"{where}: master {master}, {Labels.Of(view.Availability)}{reason}";
        }
    }

    /// <summary>Has this master ever been seen to take requests?</summary>
    private sealed class SeenServing : ITopologyObserver
    {
        private volatile bool _once;

        public bool Once => _once;

        public void OnTopology(TopologyView view) => _once |= view.IsServing;
    }
}
