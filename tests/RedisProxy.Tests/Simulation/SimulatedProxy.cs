using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Tests.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// The product on simulated ground: one loop, driven turn by turn, with one listener and its gate, or with those of two processes that take
/// over from each other.
/// </summary>
internal sealed class SimulatedProxy : IDisposable
{
    private readonly World _world;
    private readonly SimulatedControlPlane _control;
    private readonly List<SimulatedProcess> _processes = [];
    private bool _isSettling;

    public SimulatedProxy(World world, SentinelGroup group, History history)
    {
        _world = world;
        history.ResubscribesClients = world.Chance(50);
        ListenerOptions listener = SessionLab.Options().Listeners[0] with
        {
            PubSub = history.ResubscribesClients ? PubSubAction.Resubscribe : PubSubAction.Close,
            Durable = history.Durable ?? new DurableOptions(),
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
        Kernel.OnReplyReceived = fate => history.OnReceived(fate, [.. _processes.Select(one => one.Gate.View.Master?.Address)]);
        for (int number = history.TakesOver ? 2 : 1; number > 0; number--)
        {
            var gate = new Gate(Loop, (long)options.Hold.MaxOutage.TotalMilliseconds, _control.Suspect, OnFault);
            var settings = new SessionSettings(options, options.Listeners[0]);
            var limiter = new ConnectLimiter(options.Backend.MaxConcurrentConnects);
            var sessions = new SessionListener(Loop, gate, limiter, settings, new SessionQuota(settings.MaxSessions));
            _processes.Add(new SimulatedProcess(world, gate, sessions, firstGeneration: _processes.Count * 7));
        }
    }

    public SimulatedKernel Kernel { get; }

    public EventLoop Loop { get; }

    public IEnumerable<SessionCounters> Counters => _processes.Select(one => one.Counters);

    public long Sessions => Counters.Sum(one => one.Phases.Sum());

    /// <summary>Sessions are on their way from one process to the other, or may be soon.</summary>
    public bool IsTakingOver { get; private set; }

    public void Start() => _control.Start();

    /// <summary>All processes know the master and serve their clients.</summary>
    public bool IsServing(SimulatedRedis master) => _processes.TrueForAll(one =>
        one.Gate.View is { Availability: Availability.Available, Master: { } known } && known.Address.Equals(master.Address));

    /// <summary>One process takes over from the other, and that one from it, again and again.</summary>
    public async Task TakeOverAsync()
    {
        IsTakingOver = true;
        while (!_isSettling)
        {
            await _world.PauseMs(20, 1500);
            _processes.Reverse();
            await _processes[1].GiveAllAsync(_processes[0]);
        }

        // The last that was refused is on its way back.
        await _world.PauseMs(20, 20);
        IsTakingOver = false;
    }

    /// <summary>It does so no more.</summary>
    public void Settle() => _isSettling = true;

    /// <summary>A client connects.</summary>
    public Wire Connect(IWireEnd client, int capacity)
    {
        Wire wire = Kernel.Open(client, capacity);
        wire.BeConnected();
        _processes[0].Accept(wire);
        return wire;
    }

    public void Dispose() => Loop.Dispose();

    private void Show(TopologyView view) => _processes.ForEach(one => one.Show(view));

    private void OnFault(Exception error) => _world.Violate($"a fault of the product: {error}");
}
