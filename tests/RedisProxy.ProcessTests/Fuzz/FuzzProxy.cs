using System.Net;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Hosting;
using RedisProxy.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>
/// A proxy's data plane with one loop in this process, and a control plane that shows it the views that a round asks for. A suspicion is
/// answered with a new look at the master, as long as it is one.
/// </summary>
internal sealed class FuzzProxy : IAsyncDisposable
{
    // What REDISPROXY_TRANSPORT names, otherwise the one that users get.
    private static readonly SocketTransport Transport = Transports.Of(
        Enum.Parse<LoopTransport>(Environment.GetEnvironmentVariable("REDISPROXY_TRANSPORT") ?? "auto", ignoreCase: true));

    private readonly EventLoop _loop;
    private readonly Gate _gate;
    private readonly SessionListener _listener;
    private readonly Door[] _doors;
    private readonly FuzzServer _server;
    private readonly Lease? _lease;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private readonly List<string> _faults = [];
    private long _suspicions;
    private long _generation = 1;
    private Availability _availability = Availability.Available;
    private bool _isPromoting;
    private Freeze? _freeze;

    private FuzzProxy(FuzzServer server, FuzzSettings settings)
    {
        _server = server;
        _doors = [new Door(server.Port), new Door(server.Port)];
        ProxyOptions options = Options(settings);
        _loop = new EventLoop(0, TimeProvider.System, AddFault, Transport.CreateKernel());
        _lease = settings.HasLease ? new Lease(TimeProvider.System) : null;
        _gate = new Gate(_loop, settings.MaxOutageMs, OnSuspicion, AddFault, _lease);
        var sessions = new SessionSettings(options, options.Listeners[0]);
        _listener = new SessionListener(
            _loop, _gate, new ConnectLimiter(options.Backend.MaxConcurrentConnects), sessions, new SessionQuota(sessions.MaxSessions));
        ListenerFd = Transport.Listen(new IPEndPoint(IPAddress.Loopback, 0), sessions.ClientTcp);
        Port = Transport.LocalAddress(ListenerFd)!.Port;
    }

    public int Port { get; }

    /// <summary>Where the master is now.</summary>
    public Door Door => _doors[Interlocked.Read(ref _generation) % 2];

    private int ListenerFd { get; }

    public static async Task<FuzzProxy> StartAsync(FuzzServer server, FuzzSettings settings)
    {
        var proxy = new FuzzProxy(server, settings);
        proxy._loop.Start();
        await proxy._loop.InvokeAsync(() =>
        {
            var socket = new LoopSocket(proxy._loop, proxy.ListenerFd);
            Assert.True(socket.TryRegister(isConnected: false));
            return proxy._listener.ListenAsync(socket, proxy._listener.Accept, _ => { });
        });
        _ = proxy.RenewAsync();
        await proxy.ShowAsync(Availability.Available);
        return proxy;
    }

    /// <summary>Clients that wait in a pop, and nothing else, do not wait any more at this master.</summary>
    public async Task EndWaitsAsync()
    {
        BlockedWaits waits = await _loop.InvokeAsync(() => BlockedWaits.Mark(_gate));
        HashSet<IPEndPoint> ended =
            [.. waits.Addresses.Where(address => Door.AddressAtServer(address) is { } client && _server.TryEndWait(client))];
        await _loop.InvokeAsync(() =>
        {
            waits.Unmark(address => !ended.Contains(address));
            return true;
        });
    }

    /// <summary>Its loop and its control plane stand still from now on.</summary>
    public async Task FreezeAsync()
    {
        if (_lease is not null && _freeze is null)
        {
            _freeze = new Freeze();
            await _freeze.BeginAsync(_loop);
        }
    }

    /// <summary>
    /// They go on. Before the proxy hears of it, the other door has become the master, and the old one may be sent nothing.
    /// </summary>
    /// <param name="isInTurn">The loop was stopped in a turn in which it has something to do.</param>
    public async Task ThawAsync(bool isInTurn)
    {
        if (_freeze is { } freeze)
        {
            if (isInTurn)
            {
                await freeze.BeginAsync(_loop);
            }

            await freeze.LastAsync(Lease.Term * 2);
            while (!Door.HasTakenAll)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            }

            Door.IsForbidden = true;
            freeze.End();
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
            await ShowAsync(Availability.Available, isSwitch: true);
            _freeze = null;
        }
    }

    public Task ShowAsync(Availability availability, bool isPromoting = false, bool isSwitch = false)
    {
        lock (_lock)
        {
            _availability = availability;
            _isPromoting = isPromoting;
            _generation += isSwitch ? 1 : 0;
            Door.IsForbidden = false;
        }

        return ApplyAsync();
    }

    /// <summary>No session is left, and nothing of one is still on its way to the server.</summary>
    public async Task<bool> IsIdleAsync()
    {
        if (await _loop.InvokeAsync(() => _gate.Users.Count) > 0 || !AreDoorsIdle())
        {
            return false;
        }

        // A session may have ended before its connection was accepted.
        await Task.WhenAll(_doors.Select(static door => door.AcceptAllAsync()));
        return AreDoorsIdle();
    }

    private bool AreDoorsIdle() => Array.TrueForAll(_doors, static door => door.IsIdle);

    /// <summary>Faults of the program since the last time, and sessions that ended because a backend said what nobody had asked.</summary>
    public async Task<List<string>> TakeFaultsAsync()
    {
        bool hasLost = await _loop.InvokeAsync(() =>
        {
            ref long errors = ref _listener.Counters.Ended[(int)EndCause.BackendProtocolError];
            bool any = errors > 0;
            errors = 0;
            return any;
        });
        lock (_lock)
        {
            List<string> taken = [.. _faults];
            _faults.Clear();
            foreach (Door door in _doors.Where(static door => door.WasTrespassed))
            {
                door.WasTrespassed = false;
                taken.Add("a request went to a master that may have been replaced while the proxy was held up");
            }

            return hasLost ? [.. taken, "the session ended because of a reply to nothing"] : taken;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _freeze?.End();
        await _end.CancelAsync();
        await _loop.InvokeAsync(() =>
        {
            _listener.Stop();
            _listener.EndAll();
            return true;
        });
        Array.ForEach(_doors, static door => door.Dispose());
        await Task.WhenAny(_listener.Drained, Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System));
        _loop.Stop();
        await _loop.Completion.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        _loop.Dispose();
        _end.Dispose();
    }

    private static ProxyOptions Options(FuzzSettings settings) => new()
    {
        Listeners =
        [
            new ListenerOptions
            {
                Name = "fuzz",
                Bind = BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 1)),
                Master = "fuzz",
                PubSub = settings.Resubscribes ? PubSubAction.Resubscribe : PubSubAction.Close,
            },
        ],
        Sentinel = new SentinelOptions { Endpoints = [new HostEndpoint("127.0.0.1", 2)] },
        Hold = new HoldOptions
        {
            Timeout = TimeSpan.FromMilliseconds(settings.HoldMs), MaxOutage = TimeSpan.FromMilliseconds(settings.MaxOutageMs),
        },
        Replay = new ReplayOptions { MaxBytesPerSession = settings.MaxReplayBytes, Blocking = settings.ResendsBlocking },
    };

    // Every Sentinel answers, but for a proxy that is stopped.
    private async Task RenewAsync()
    {
        while (_lease is not null && !_end.IsCancellationRequested)
        {
            if (_freeze is null)
            {
                _lease.Renew(TimeProvider.System.GetTimestamp());
            }

            await Task.Delay(Lease.Beat / 4, TimeProvider.System);
        }
    }

    // On the loop's thread.
    private long OnSuspicion(SuspicionReason reason)
    {
        long suspicion = Interlocked.Increment(ref _suspicions);
        _ = ReviewAsync();
        return suspicion;
    }

    // A look at the master takes a moment.
    private async Task ReviewAsync()
    {
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            if (_server.IsDemoted)
            {
                lock (_lock)
                {
                    _availability = _availability == Availability.Available ? Availability.Down : _availability;
                }
            }

            await ApplyAsync();
        }
        catch (ObjectDisposedException)
        {
            // The round is over.
        }
    }

    private Task<bool> ApplyAsync() => ApplyAsync(_lease?.AsOf);

    private Task<bool> ApplyAsync(long? heardAsOf) => _loop.InvokeAsync(() =>
    {
        lock (_lock)
        {
            IPEndPoint address = _doors[_generation % 2].Address;
            _gate.Apply(new TopologyView
            {
                MasterName = "fuzz",
                Availability = _availability,
                Generation = _generation,
                CoversSuspicion = Interlocked.Read(ref _suspicions),
                IsPromoting = _isPromoting,
                Master = new MasterNode(new HostEndpoint("127.0.0.1", address.Port), address),
            }, heardAsOf);
        }

        return true;
    });

    private void AddFault(Exception error)
    {
        lock (_lock)
        {
            _faults.Add($"fault: {error.GetType().Name}: {error.Message} {string.Join(' ', (error.StackTrace ?? "").Split('\n').Take(6))}");
        }
    }
}
