using System.ComponentModel;

using Microsoft.Extensions.Logging.Abstractions;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Servers;
using RedisProxy.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.DataPlane;

/// <summary>
/// One configured listener over all loops: a part on each, which the sockets of <see cref="ListenerSockets"/> feed. The one socket of a
/// unix path deals its connections out in turn.
/// </summary>
internal sealed class DataPlaneListener
{
    // Clients that all connect again at once are what a gradual end avoids; longer than this nobody should wait for it.
    private static readonly TimeSpan MaxSpread = TimeSpan.FromSeconds(5);

    private readonly ListenerContext _context;
    private readonly ITopologySource _source;
    private readonly SessionListener[] _parts;
    private readonly OperatorPause _pause;
    private readonly SessionQuota _quota;
    private readonly WaitRelease _waits;
    private ListenerSockets? _sockets;
    private PlaneBridge? _bridge;
    private int _nextPart;
    private int _openings;
    private BackendOptions _backend;

    /// <param name="options">Of the whole proxy.</param>
    /// <param name="listener">Its own.</param>
    /// <param name="source">Where its topology comes from.</param>
    /// <param name="quota">Its sessions and those of all.</param>
    /// <param name="context">What all listeners share.</param>
    public DataPlaneListener(
        ProxyOptions options, ListenerOptions listener, ITopologySource source, SessionQuota quota, ListenerContext context)
    {
        _quota = quota;
        Options = listener;
        _source = source;
        _context = context;
        _pause = new OperatorPause(listener.Name, context.Time, isOn => _bridge!.IsPaused = isOn, context.Log);
        var settings = new SessionSettings(options, listener)
        {
            ClientTls = context.Tls.Of(listener),
            MaxHandshakes = Math.Max(1, (listener.Tls?.MaxConcurrentHandshakes ?? 0) / context.Loops.Count),
            MaxSilent = MaxSilentOf(quota, context.Loops.Count),
            BackendTls = context.Tls.Backend,
        };
        var refused = new RefusedClients(listener.Name, context.Log);
        _parts = new SessionListener[context.Loops.Count];
        for (int i = 0; i < context.Loops.Count; i++)
        {
            Gate gate = PlaneBridge.CreateGate(
                context.Loops[i],
                source,
                options.Hold.MaxOutage,
                error => DataPlaneLog.SessionFailed(context.Log, listener.Name, error),
                refused);
            _parts[i] = new SessionListener(context.Loops[i], gate, context.Limiters[i], settings, quota)
            {
                OnRefused = refused.ReportClient,
            };
        }

        _backend = options.Backend;
        var world = new TopologyContext(context.Time, NullLoggerFactory.Instance) { BackendTls = context.Tls.Backend };
        _waits = new WaitRelease(listener.Name, Gates, world, context.Log);
    }

    public ListenerOptions Options { get; private set; }

    /// <summary>Who knows its master, whoever serves.</summary>
    public ITopologySource Source => (_source as ReplicaSource)?.Master ?? _source;

    /// <summary>This master serves its clients, and not a replica.</summary>
    public bool IsOfMaster(string masterName) => Options.Role == ListenerRole.Master && Source.Current.MasterName == masterName;

    /// <summary>What its sessions go by.</summary>
    public TopologyView View => _source.Current;

    /// <summary>Of a replica listener: the master stands in, because no replica is healthy.</summary>
    public bool IsServedByMaster => Options.Role == ListenerRole.Replica && View is { IsServing: true, Targets: [var only] }
        && only.Address.Equals(Source.Current.Master?.Address);

    public IEnumerable<SessionCounters> Counters => _parts.Select(part => part.Counters);

    public IReadOnlyList<SessionListener> Parts => _parts;

    /// <summary>Sessions now, over all loops.</summary>
    public long SessionCount => Counters.Sum(counters => counters.Phases.Sum());

    /// <summary>It takes no new clients any more, and its sessions come to their end.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>An operator has paused it, and the time has not passed.</summary>
    public bool IsPaused => _pause.IsOn;

    /// <summary>Begins to follow the topology, and to accept.</summary>
    /// <returns>A task that fails when a listening socket has become unusable, and ends when all were stopped.</returns>
    public Task<Task> StartAsync(ListenerSockets sockets)
    {
        _bridge = PlaneBridge.Connect(_source, Gates, view => _ = EndWaitsAsync(
            () => _source.Current is { Availability: Availability.PlannedHold } now && now.Generation == view.Generation));
        return OpenAsync(sockets);
    }

    /// <summary>Goes by other options from now on; sessions stay.</summary>
    public async Task ReconfigureAsync(ProxyOptions options, ListenerOptions listener)
    {
        Options = listener;
        _quota.Max = listener.MaxSessions;
        _backend = options.Backend;

        // Of TLS only the files may change, and those are looked at by themselves.
        SessionSettings before = _parts[0].Settings;
        var settings = new SessionSettings(options, listener)
        {
            ClientTls = before.ClientTls,
            MaxHandshakes = before.MaxHandshakes,
            MaxSilent = before.MaxSilent,
            BackendTls = before.BackendTls,
        };
        await OnEachPartAsync(part => part.Reconfigure(settings, (long)options.Hold.MaxOutage.TotalMilliseconds));
        if (!IsDraining)
        {
            _sockets!.Set(settings.ClientTcp);
        }
    }

    /// <summary>Accepts on these sockets, and no more on those that it had. Takes clients again if it was drained.</summary>
    /// <returns>As of <see cref="StartAsync"/>.</returns>
    public async Task<Task> OpenAsync(ListenerSockets sockets)
    {
        ListenerSockets? before = IsDraining ? null : _sockets;
        if (IsDraining)
        {
            _openings++;
            IsDraining = false;
            await OnEachPartAsync(static part => part.Reopen());
        }

        _sockets = sockets;
        var accepting = new List<Task>();
        foreach ((int loop, int fd, _) in sockets.Bound)
        {
            accepting.Add(await _context.Loops[loop].InvokeAsync(() => ListenOnAsync(loop, fd, sockets.Bind)));
        }

        _context.Takeover.Take(sockets, () => IsDraining || _sockets != sockets);
        DataPlaneLog.Listening(_context.Log, Options.Name, sockets.Bind, _context.Loops.Count);
        if (before is not null)
        {
            await Task.WhenAll(_parts.Select((part, loop) => part.Gate.Loop.InvokeAsync(() =>
            {
                part.StopAccepting(keep: sockets.Bound.Count(socket => socket.Loop == loop));
                return true;
            })));
            before.RemoveFile();
        }

        return Task.WhenAll(accepting);
    }

    /// <summary>
    /// Accepts no more, and ends its sessions one after the other, each when it is quiescent; for none may a request go on waiting for an
    /// operator. After the timeout the rest is ended as it is. Returns when the last one has ended.
    /// </summary>
    /// <returns>False: it takes clients again meanwhile.</returns>
    public async Task<bool> DrainAsync(TimeSpan timeout)
    {
        if (!IsDraining && _sockets is { } open)
        {
            await _context.Takeover.GiveWayAsync(open);
        }

        int opening = _openings;
        IsDraining = true;
        DataPlaneLog.Draining(_context.Log, Options.Name, SessionCount);
        Resume();
        await OnEachPartAsync(static part => part.StopAccepting());
        _sockets?.RemoveFile();
        TimeSpan spread = timeout / 2 < MaxSpread ? timeout / 2 : MaxSpread;
        await OnEachPartAsync(part => part.Stop((long)spread.TotalMilliseconds));
        Task drained = Task.WhenAll(_parts.Select(part => part.Drained));
        try
        {
            await drained.WaitAsync(timeout, _context.Time);
        }
        catch (TimeoutException)
        {
            if (opening != _openings)
            {
                return false;
            }

            DataPlaneLog.DrainTimedOut(_context.Log, Options.Name, SessionCount);
            await OnEachPartAsync(static part => part.EndAll());
            await drained;
        }

        return opening == _openings;
    }

    /// <summary>Requests wait, as in a failover; what is in flight is answered. Until <see cref="Resume"/>, or for a time.</summary>
    public void Pause(TimeSpan atMost) => _pause.Begin(atMost);

    public void Resume() => _pause.End();

    /// <summary>
    /// Clients that wait in a pop will wait on at the next master, see <see cref="WaitRelease"/>. The gates are shut, or are about to be.
    /// </summary>
    /// <param name="lasts">Are they still?</param>
    public async Task EndWaitsAsync(Func<bool> lasts)
    {
        if (Options.Role != ListenerRole.Master || _source.Current.Master is not { } master)
        {
            return;
        }

        try
        {
            await _waits.RunAsync(master, _backend, lasts);
        }
        catch (Exception fault)
        {
            DataPlaneLog.LoopCallbackFailed(_context.Log, fault);
        }
    }

    /// <summary>Ends one session in order, with FIN.</summary>
    /// <returns>False: this listener has no such session.</returns>
    public async Task<bool> KillAsync(long session)
    {
        string? client = (await OnEachPartAsync(part => part.Kill(session))).FirstOrDefault(found => found is not null);
        if (client is null)
        {
            return false;
        }

        DataPlaneLog.SessionKilled(_context.Log, Options.Name, session, client);
        return true;
    }

    // A quarter of the places: clients that say nothing never keep out those that do.
    private static int MaxSilentOf(SessionQuota quota, int loops) => (int)Math.Clamp(quota.Max / 4 / loops, 1, int.MaxValue);

    private Gate[] Gates => [.. _parts.Select(part => part.Gate)];

    private Task ListenOnAsync(int loop, int fd, BindAddress bind)
    {
        var socket = new LoopSocket(_context.Loops[loop], fd);
        if (!socket.TryRegister(isConnected: false))
        {
            throw new Win32Exception(Errno.Last);
        }

        SessionListener part = _parts[loop];
        return part.ListenAsync(
            socket,
            bind.UnixPath is null ? part.Accept : DealOut,
            error => DataPlaneLog.AcceptBacksOff(_context.Log, Options.Name, Errno.Describe(error)));
    }

    private void DealOut(int fd)
    {
        SessionListener part = _parts[_nextPart];
        _nextPart = (_nextPart + 1) % _parts.Length;
        part.Gate.Loop.Post(
            static posted =>
            {
                (SessionListener part, int fd) = ((SessionListener, int))posted!;
                part.Accept(fd);
            },
            (part, fd));
    }

    private Task<bool[]> OnEachPartAsync(Action<SessionListener> action) => OnEachPartAsync(part =>
    {
        action(part);
        return true;
    });

    private Task<T[]> OnEachPartAsync<T>(Func<SessionListener, T> function) =>
        Task.WhenAll(_parts.Select(part => part.Gate.Loop.InvokeAsync(() => function(part))));
}
