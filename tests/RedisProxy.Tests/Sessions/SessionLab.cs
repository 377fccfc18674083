using System.Collections.Concurrent;
using System.Net;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Tests.EventLoops;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>
/// One loop with one listener, real sockets on both sides, and a test in place of the control plane: it shows views to the gate and sees
/// the suspicions. On disposal it checks that no session failed and that every buffer was given back.
/// </summary>
internal sealed class SessionLab : IAsyncDisposable
{
    private readonly EventLoop _loop;
    private readonly SessionListener _listener;
    private readonly List<Exception> _faults = [];
    private readonly List<IDisposable> _owned = [];
    private readonly int _port;
    private long _suspicions;
    private readonly ConcurrentQueue<string> _backendErrors = [];
    private long _backendUserRefusals;

    private SessionLab(EventLoop loop, SessionListener listener, int port)
    {
        _loop = loop;
        _listener = listener;
        _port = port;
    }

    public ScriptedBackend First { get; private init; } = new();

    public ScriptedBackend Second { get; private init; } = new();

    public SessionCounters Counters => _listener.Counters;

    public EventLoop Loop => _loop;

    public SessionListener Listener => _listener;

    /// <summary>Null unless asked for; then it has to be renewed.</summary>
    public Lease? Lease { get; private init; }

    /// <summary>Of the view shown last, as clients are told it.</summary>
    public long LastNumber { get; private set; }

    /// <summary>How often sessions doubted the master.</summary>
    public long Suspicions => Interlocked.Read(ref _suspicions);

    /// <summary>What was wrong with replies.</summary>
    public IReadOnlyCollection<string> BackendErrors => _backendErrors;

    public long BackendUserRefusals => Interlocked.Read(ref _backendUserRefusals);

    public static ProxyOptions Options(ListenerOptions? listener = null) => new()
    {
        Listeners =
        [
            listener ?? new ListenerOptions { Name = "lab", Bind = BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 1)), Master = "lab" },
        ],
        Sentinel = new SentinelOptions { Endpoints = [new HostEndpoint("127.0.0.1", 2)] },
    };

    /// <summary>Its sessions share links, so many for each user, protocol and database.</summary>
    public static ProxyOptions SharingOptions(int links = 1) => Options(new ListenerOptions
    {
        Name = "lab",
        Bind = BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 1)),
        Master = "lab",
        Multiplex = new MultiplexOptions { Links = links },
    });

    public static async Task<SessionLab> StartAsync(
        ProxyOptions? options = null, TimeProvider? time = null, bool hasLease = false, Kernel? kernel = null)
    {
        options ??= Options();
        Lease? lease = hasLease ? new Lease(TimeProvider.System) : null;
        SessionLab? lab = null;
        kernel ??= TestTransport.Current.CreateKernel();
        var loop = new EventLoop(0, time ?? TimeProvider.System, error => lab!.AddFault(error), kernel);
        var gate = new Gate(
            loop,
            (long)options.Hold.MaxOutage.TotalMilliseconds,
            _ => Interlocked.Increment(ref lab!._suspicions),
            error => lab!.AddFault(error),
            lease)
        {
            OnBackendUserRefused = () => Interlocked.Increment(ref lab!._backendUserRefusals),
            OnBackendProtocolError = reason => lab!._backendErrors.Enqueue(reason),
        };
        var settings = new SessionSettings(options, options.Listeners[0]);
        var listener = new SessionListener(
            loop, gate, new ConnectLimiter(options.Backend.MaxConcurrentConnects), settings, new SessionQuota(settings.MaxSessions));
        int fd = TestTransport.Current.Listen(new IPEndPoint(IPAddress.Loopback, 0), settings.ClientTcp);
        lab = new SessionLab(loop, listener, TestTransport.Current.LocalAddress(fd)!.Port) { Lease = lease };
        loop.Start();
        await loop.InvokeAsync(() =>
        {
            var socket = new LoopSocket(loop, fd);
            Assert.True(socket.TryRegister(isConnected: false));
            return listener.ListenAsync(socket, listener.Accept, _ => { });
        });
        return lab;
    }

    /// <summary>The first backend is the master, of generation 1.</summary>
    public Task ServeFirstAsync() => ShowAsync(Availability.Available, 1, First);

    /// <summary>A failover to the second backend is complete.</summary>
    public Task ServeSecondAsync() => ShowAsync(Availability.Available, 2, Second);

    /// <summary>Returns when the gate has applied it. Covers every suspicion so far.</summary>
    public Task ShowAsync(
        Availability availability,
        long generation,
        ScriptedBackend master,
        bool isPromoting = false,
        bool demandsAuthentication = false,
        long epoch = 0)
    {
        var view = new TopologyView
        {
            MasterName = "lab",
            Availability = availability,
            Generation = generation,
            Epoch = epoch,
            CoversSuspicion = Suspicions,
            IsPromoting = isPromoting,
            DemandsAuthentication = demandsAuthentication,
            Master = new MasterNode(new HostEndpoint("127.0.0.1", master.Address.Port), master.Address),
        };
        long? heardAsOf = Lease?.AsOf;
        return _loop.InvokeAsync(() =>
        {
            _listener.Gate.Apply(view, heardAsOf, ++LastNumber);
            return true;
        });
    }

    /// <summary>Every Sentinel was heard just now.</summary>
    public void RenewLease() => Lease!.Renew(TimeProvider.System.GetTimestamp());

    /// <summary>The lease does not run out before that has ended.</summary>
    public async Task WhileLeaseRunsAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            RenewLease();
            await Task.WhenAny(task, Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System));
        }

        await task;
    }

    /// <summary>So that nothing that arrives now is believed either: what was sent in time may be answered for some ms longer.</summary>
    public Task WaitUntilLeaseLapsesAsync()
    {
        long? sinceMs = null;
        return Eventually.Within(
            TimeSpan.FromSeconds(10),
            () => _loop.InvokeAsync(() =>
            {
                sinceMs = _listener.Gate.Lease.Runs ? null : sinceMs ?? _loop.NowMs;
                return _loop.NowMs - sinceMs > 100;
            }),
            "the lease has run out");
    }

    /// <summary>A session leaves this loop, and nothing of it stays but the message.</summary>
    public async Task<PassedMessage> TakeAsync()
    {
        PassedMessage? taken = null;
        await Eventually.Within(
            TimeSpan.FromSeconds(10),
            async () => (taken = await _loop.InvokeAsync(() => _listener.Moves.Take(1) is [var first] ? first : null)) is not null,
            "a session can go");
        return taken!;
    }

    /// <summary>Tries to take all sessions, so many times.</summary>
    public Task<int> CountTakenAsync(int tries) =>
        _loop.InvokeAsync(() => Enumerable.Range(0, tries).Sum(_ => _listener.Moves.Take(int.MaxValue).Count));

    /// <summary>Nobody takes sessions any more. How many are left, by <see cref="StayReason"/>?</summary>
    public Task<long[]> ForgetTakingAsync() => _loop.InvokeAsync(_listener.Moves.Forget);

    /// <summary>A session arrives at this loop.</summary>
    public Task<(Adoption Verdict, string Problem)> AdoptAsync(PassedMessage message) =>
        _loop.InvokeAsync(() => (_listener.Arrivals.Adopt(message, out string problem), problem));

    /// <summary>On the loop: reads a session into one that is thrown away. Bytes that are not one are refused in the usual way.</summary>
    public void Parse(byte[] message)
    {
        try
        {
            CarriedSession carried = CarriedSession.Open(message);
            var client = new LoopSocket(_loop, PassedMessage.None);
            var session = new Session(client, _listener.Gate, new ConnectLimiter(1), _listener.Settings, new SessionCounters());
            try
            {
                carried.Read(session, new LoopSocket(_loop, PassedMessage.None));
            }
            finally
            {
                session.Pipeline.Clear();
            }
        }
        catch (InvalidDataException)
        {
        }
    }

    /// <summary>A session returns to this loop.</summary>
    public Task TakeBackAsync(PassedMessage message) => OnLoopAsync(() => _listener.Arrivals.TakeBack(message, isRefused: true));

    /// <summary>A session goes from here to another loop, and its ends are that one's from then on.</summary>
    public async Task MoveAsync(SessionLab to)
    {
        Assert.Equal((Adoption.Adopted, ""), await to.AdoptAsync(await TakeAsync()));
        to._owned.AddRange(_owned);
        _owned.Clear();
        await EventuallyAsync(() => Counters.Ended[(int)EndCause.HandedOver] == to.Counters.Adopted, "it has left");
    }

    public async Task<RawClient> ConnectAsync(int? receiveBufferBytes = null)
    {
        RawClient client = await RawClient.ConnectAsync("127.0.0.1", _port, receiveBufferBytes);
        _owned.Add(client);
        return client;
    }

    /// <summary>A client and the backend connection that its session opened.</summary>
    public async Task<(RawClient Client, RawClient Backend)> ConnectPairAsync()
    {
        long links = Counters.RetargetsDone;
        await ServeFirstAsync();
        RawClient client = await ConnectAsync();
        RawClient backend = await AcceptAsync(First);
        await EventuallyAsync(() => Counters.RetargetsDone > links, "the session has its link");
        return (client, backend);
    }

    /// <summary>A client and its backend, which has received this request and owes the reply.</summary>
    public async Task<(RawClient Client, RawClient Backend)> ConnectInFlightAsync(string request)
    {
        (RawClient client, RawClient backend) = await ConnectPairAsync();
        await client.SendAsync(request);
        await backend.ExpectAsync(request);
        return (client, backend);
    }

    public async Task<RawClient> AcceptAsync(ScriptedBackend backend)
    {
        RawClient accepted = await backend.AcceptAsync();
        _owned.Add(accepted);
        return accepted;
    }

    /// <summary>Requests are refused at once. To be asked on the loop.</summary>
    public bool FailsFast => _listener.Gate.FailsFast;

    /// <summary>Clients that wait in a pop, about to be unblocked by our order.</summary>
    public Task<BlockedWaits> MarkWaitsAsync() => _loop.InvokeAsync(() => BlockedWaits.Mark(_listener.Gate));

    /// <summary>What a hold would meet now.</summary>
    public Task<HoldForecast> ForecastAsync() => _loop.InvokeAsync(() => HoldForecast.Of(_listener));

    /// <summary>The loop stands still meanwhile, and sees all that happened in one turn.</summary>
    /// <returns>What the action has begun and the loop will finish.</returns>
    public async Task<Task> WhileLoopIsHeldUpAsync(Func<Task<Task>> action)
    {
        var isHeldUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goesOn = new ManualResetEventSlim();
        Task<bool> held = _loop.InvokeAsync(() =>
        {
            isHeldUp.SetResult();
            return goesOn.Wait(TimeSpan.FromSeconds(10));
        });
        await isHeldUp.Task;
        Task begun = await action();
        goesOn.Set();
        Assert.True(await held);
        return begun;
    }

    public Task OnLoopAsync(Action action) => _loop.InvokeAsync(() =>
    {
        action();
        return true;
    });

    /// <summary>Sessions with a link of their own.</summary>
    public Task<int> CountDedicatedAsync() =>
        _loop.InvokeAsync(() => _listener.Gate.Sessions.Count(static session => session.Link is DedicatedLink));

    /// <summary>Sessions with a reply that was received and not read.</summary>
    public Task<int> CountHeldAsync() =>
        _loop.InvokeAsync(() => _listener.Gate.Sessions.Count(static session => session.HasUnreadReplies));

    /// <summary>Sessions with a request that no backend has taken.</summary>
    public Task<int> CountWaitingAsync() =>
        _loop.InvokeAsync(() => _listener.Gate.Sessions.Count(session => !session.Pipeline.Waiting.IsEmpty));

    /// <summary>Sessions that have a link, of their own or a share of one.</summary>
    public Task<int> CountLinkedAsync() => _loop.InvokeAsync(() => _listener.Gate.Sessions.Count(session => session.Link is not null));

    /// <summary>What is counted on demand is up to date when this returns.</summary>
    public Task CountPendingAsync() => OnLoopAsync(_listener.CountPending);

    /// <summary>So many requests have arrived and are held. A session's phase does not say so: it drains without any, too.</summary>
    public Task HoldsAsync(int requests) => Eventually.Within(
        TimeSpan.FromSeconds(10),
        async () =>
        {
            await CountPendingAsync();
            return Counters.Held == requests;
        },
        $"{requests} requests are held");

    /// <summary>Time passes between two turns of the loop.</summary>
    /// <param name="time">That with which the lab was started.</param>
    /// <param name="span">So much of it.</param>
    public async Task PassAsync(FakeTimeProvider time, TimeSpan span)
    {
        await Loop.InvokeAsync(static () => true);
        time.Advance(span);
        await Loop.InvokeAsync(static () => true);
    }

    /// <summary>As operators see the sessions, oldest first.</summary>
    public Task<SessionSnapshot[]> SnapshotsAsync() => _loop.InvokeAsync(() =>
        _listener.Gate.Sessions.Select(SessionSnapshot.Of).OrderBy(static session => session.Id).ToArray());

    public static Task EventuallyAsync(Func<bool> condition, string what) => Eventually.Within(TimeSpan.FromSeconds(10), condition, what);

    public Task StopAcceptingAsync() => _loop.InvokeAsync(() =>
    {
        _listener.Stop();
        return true;
    });

    /// <summary>Begins to end sessions one after the other, and says which of them have ended by then, oldest first.</summary>
    public Task<bool[]> StopGraduallyAsync(long spreadMs, HandoffMove? move = null) => _loop.InvokeAsync(() =>
    {
        _listener.Stop(spreadMs, move);
        return _listener.Gate.Sessions.OrderBy(session => session.Id).Select(session => session.IsEnded).ToArray();
    });

    public Task WaitUntilDrainedAsync() => _listener.Drained.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        await _loop.InvokeAsync(() =>
        {
            _listener.Stop();
            _listener.EndAll();
            return true;
        });

        // Otherwise each session lingers for a second, so that its last reply is not lost with a reset.
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }

        await WaitUntilDrainedAsync();
        int buffersInUse = await _loop.InvokeAsync(() => _loop.Slabs.InUse);
        _loop.Stop();
        await _loop.Completion.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        _loop.Dispose();
        First.Dispose();
        Second.Dispose();
        Assert.Empty(_faults);
        Assert.Equal(0, buffersInUse);
        Assert.All(Counters.Phases, count => Assert.Equal(0, count));
    }

    /// <summary>The faults so far, which the test has made.</summary>
    public IReadOnlyList<Exception> TakeFaults()
    {
        lock (_faults)
        {
            Exception[] faults = [.. _faults];
            _faults.Clear();
            return faults;
        }
    }

    private void AddFault(Exception error)
    {
        lock (_faults)
        {
            _faults.Add(error);
        }
    }
}
