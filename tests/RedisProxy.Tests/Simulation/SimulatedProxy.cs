using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Tests.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Simulation;

/// <summary>The product on simulated ground: one loop with one listener and its gate, driven turn by turn.</summary>
internal sealed class SimulatedProxy : IDisposable
{
    private readonly World _world;
    private readonly SessionListener _listener;
    private readonly SimulatedControlPlane _control;
    private long _lastShownUs;

    public SimulatedProxy(World world, SentinelGroup group, History history)
    {
        _world = world;
        history.ResubscribesClients = world.Chance(50);
        ListenerOptions listener = SessionLab.Options().Listeners[0] with
        {
            PubSub = history.ResubscribesClients ? PubSubAction.Resubscribe : PubSubAction.Close,
            Multiplex = new MultiplexOptions { Links = history.SharesLinks ? (int)world.Between(1, 3) : 0 },
        };
        ProxyOptions options = SessionLab.Options(listener) with
        {
            Backend = new BackendOptions { MaxConcurrentConnects = (int)world.Between(1, 8) },
            Hold = new HoldOptions
            {
                Timeout = world.Chance(70) ? TimeSpan.FromSeconds(4) : TimeSpan.FromMilliseconds(world.Between(50, 1500)),
                AcceptPromoted = world.Chance(50) ? PromotionProof.Announced : PromotionProof.Observed,
                MaxOutage = world.Chance(80) ? TimeSpan.FromSeconds(30) : TimeSpan.FromMilliseconds(world.Between(300, 3000)),
            },
            Replay = new ReplayOptions { MaxBytesPerSession = world.Chance(80) ? 64 * 1024 : 1024 },
        };
        // The loop's clock shows whole milliseconds, so a wait may seem that much longer.
        history.ShortestHoldUs = (long)Math.Min(options.Hold.Timeout.TotalMicroseconds, options.Hold.MaxOutage.TotalMicroseconds) - 1000;
        Kernel = new SimulatedKernel(world) { Find = endpoint => group.Nodes.FirstOrDefault(node => node.Address.Equals(endpoint)) };
        Loop = new EventLoop(0, world.Time, OnFault, Kernel, new Random(world.Random.Next()));
        _control = new SimulatedControlPlane(world, options, group, Kernel.Find, Show);
        Gate = new Gate(Loop, (long)options.Hold.MaxOutage.TotalMilliseconds, _control.Suspect, OnFault);
        Kernel.OnReplyReceived = fate => history.OnReceived(fate, Gate.View.Master?.Address);
        var settings = new SessionSettings(options, options.Listeners[0]);
        var limiter = new ConnectLimiter(options.Backend.MaxConcurrentConnects);
        _listener = new SessionListener(Loop, Gate, limiter, settings, new SessionQuota(settings.MaxSessions));
    }

    public SimulatedKernel Kernel { get; }

    public EventLoop Loop { get; }

    public Gate Gate { get; }

    public SessionCounters Counters => _listener.Counters;

    public long Sessions => Counters.Phases.Sum();

    public void Start() => _control.Start();

    /// <summary>A client connects.</summary>
    public Wire Connect(IWireEnd client, int capacity)
    {
        Wire wire = Kernel.Open(client, capacity);
        wire.BeConnected();
        Loop.Post(_ => _listener.Accept(wire.Fd), null);
        return wire;
    }

    public void Dispose() => Loop.Dispose();

    private void Show(TopologyView view)
    {
        _lastShownUs = Math.Max(_lastShownUs, _world.NowUs + _world.Between(5, 1_000));
        _world.At(_lastShownUs, () => Loop.Post(_ => Gate.Apply(view), null));
    }

    private void OnFault(Exception error) => _world.Violate($"a fault of the product: {error}");
}
