using System.ComponentModel;

using Microsoft.Extensions.Logging.Abstractions;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Servers;
using RedisProxy.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.DataPlane;

/// <summary>
/// One configured listener over all loops: a part on each, fed by the sockets of <see cref="ListenerSockets"/>. Connections of a
/// single socket are dealt out to the loops in turn.
/// </summary>
internal sealed class DataPlaneListener
{
    // A gradual end keeps clients from all reconnecting at once; it never needs more time than this.
    private static readonly TimeSpan MaxSpread = TimeSpan.FromSeconds(5);

    private readonly ListenerContext _context;
    private readonly ITopologySource _source;
    private readonly SessionListener[] _parts;
    private readonly OperatorPause _pause;
    private readonly SessionQuota _quota;
    private readonly WaitRelease _waits;
    private readonly SessionPassage _passage;
    private ListenerSockets? _sockets;
    private PlaneBridge? _bridge;
    private int _nextPart, _openings;
    private bool _isSucceeded;
    private ProxyOptions _options;

    /// <param name="options">Of the whole proxy.</param>
    /// <param name="listener">Its own.</param>
    /// <param name="source">Of its topology.</param>
    /// <param name="quota">Limits its sessions, within those of all listeners.</param>
    /// <param name="context">Shared by all listeners.</param>
    public DataPlaneListener(
        ProxyOptions options, ListenerOptions listener, ITopologySource source, SessionQuota quota, ListenerContext context)
    {
        _quota = quota;
        Options = listener;
        _source = source;
        _context = context;
        _pause = new OperatorPause(listener.Name, context.Time, reason => _bridge!.Pause(reason), context.Log);
        var settings = new SessionSettings(options, listener)
        {
            ClientTls = context.Tls.Of(listener),
            MaxHandshakes = Math.Max(1, (listener.Tls?.MaxConcurrentHandshakes ?? 0) / context.Loops.Count),
            MaxSilent = quota.MaxSilentOn(context.Loops.Count),
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

        _options = options;
        var world = new TopologyContext(context.Time, NullLoggerFactory.Instance) { BackendTls = context.Tls.Backend };
        _waits = new WaitRelease(listener.Name, Gates, world, context.Log);
        var passage = new PassageContext(listener.Name, _parts, () => PassageTerms.Of(_options, Options), context.Time, context.Log);
        _passage = new SessionPassage(passage, context.Takeover);
    }

    public ListenerOptions Options { get; private set; }

    /// <summary>Knows its master, whether that serves its clients or replicas do.</summary>
    public ITopologySource Source => (_source as ReplicaSource)?.Master ?? _source;

    /// <summary>Its clients are served by this master, and not by a replica.</summary>
    public bool IsOfMaster(string masterName) => Options.Role == ListenerRole.Master && Source.Current.MasterName == masterName;

    /// <summary>The view that its sessions act upon.</summary>
    public TopologyView View => _source.Current;

    /// <summary>Of a replica listener: the master stands in, because no replica is healthy.</summary>
    public bool IsServedByMaster => Options.Role == ListenerRole.Replica && View is { IsServing: true, Targets: [var only] }
        && only.Address.Equals(Source.Current.Master?.Address);

    /// <summary>Its sessions share connections to the server.</summary>
    public bool SharesLinks => Options.Multiplex.Links > 0;

    public IEnumerable<SessionCounters> Counters => _parts.Select(part => part.Counters);

    public IReadOnlyList<SessionListener> Parts => _parts;

    /// <summary>Sessions now, over all loops.</summary>
    public long SessionCount => Counters.Sum(counters => counters.Phases.Sum());

    /// <summary>It accepts no new clients, and its sessions are ending.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>Paused by an operator, and the pause has not expired.</summary>
    public bool IsPaused => _pause.IsOn;

    /// <inheritdoc cref="SessionPassage.Taken"/>
    public TakeOverRecord? Taken => _passage.Taken;

    /// <summary>Starts following the topology, and accepting.</summary>
    /// <returns>A task that fails if a listening socket becomes unusable, and completes when all were stopped.</returns>
    public Task<Task> StartAsync(ListenerSockets sockets)
    {
        var meter = new ListenerMeter(Options.Name, _parts);
        Action<TopologyView> onShown = _context.Outages.Follow(Source, meter, isOfMaster: Options.Role == ListenerRole.Master);
        _bridge = PlaneBridge.Connect(_source, Gates, _context.Numbers, EndWaits, onShown);
        return OpenAsync(sockets);
    }

    /// <summary>Applies changed options; sessions stay.</summary>
    public async Task ReconfigureAsync(ProxyOptions options, ListenerOptions listener)
    {
        Options = listener;
        _quota.Max = listener.MaxSessions;
        _options = options;

        // Of TLS only the files may change, and those are watched separately.
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

    /// <summary>Accepts on these sockets instead of its previous ones. Ends a drain.</summary>
    /// <returns>As for <see cref="StartAsync"/>.</returns>
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
            accepting.Add(await _context.Loops[loop].InvokeAsync(() => ListenOnAsync(loop, fd, sockets.AreSpread)));
        }

        _context.Takeover.Take(sockets, () => IsDraining || _sockets != sockets);
        _passage.Open(sockets.Bind);
        DataPlaneLog.Listening(_context.Log, Options.Name, sockets.Bind, _context.Loops.Count);
        if (before is not null)
        {
            await OnEachPartAsync(part =>
                part.StopAccepting(keep: sockets.Bound.Count(socket => socket.Loop == part.Gate.Loop.Index)));
            before.RemoveFile();
        }

        return Task.WhenAll(accepting);
    }

    /// <summary>
    /// Stops accepting, and ends its sessions one after the other, each when it is quiescent. An operator's pause ends, so that no request
    /// waits for it. After the timeout the remaining sessions are ended as they are. Returns when the last one has ended.
    /// </summary>
    /// <returns>False: it was opened again meanwhile.</returns>
    public async Task<bool> DrainAsync(TimeSpan timeout)
    {
        Resume();
        if (!IsDraining && _sockets is { } open)
        {
            _isSucceeded = await _context.Takeover.GiveWayAsync(open);
            timeout = await _passage.CloseAsync(timeout, () => SessionCount);
        }

        int opening = _openings;
        IsDraining = true;
        DataPlaneLog.Draining(_context.Log, Options.Name, SessionCount);
        await OnEachPartAsync(static part => part.StopAccepting());
        _sockets?.RemoveFile();
        HandoffMove? move = HandoffMove.Of(Options, _isSucceeded, _context.Numbers);
        TimeSpan spread = timeout / 2 < MaxSpread ? timeout / 2 : MaxSpread;
        await OnEachPartAsync(part => part.Stop((long)spread.TotalMilliseconds, move));
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

    /// <summary>Holds requests as in a failover; those in flight are answered. Until <see cref="Resume"/>, or for a time.</summary>
    public void Pause(TimeSpan atMost, string reason = OperatorPause.ByOperator) => _pause.Begin(atMost, reason);

    public void Resume() => _pause.End();

    /// <summary>
    /// Makes clients that wait in a pop continue their wait at the next master, see <see cref="WaitRelease"/>. The gates are shut, or about
    /// to be.
    /// </summary>
    /// <param name="lasts">Are they still shut?</param>
    public async Task EndWaitsAsync(Func<bool> lasts)
    {
        if (Options.Role != ListenerRole.Master || _source.Current.Master is not { } master)
        {
            return;
        }

        try
        {
            await _waits.RunAsync(master, _options.Backend, lasts);
        }
        catch (Exception fault)
        {
            DataPlaneLog.LoopCallbackFailed(_context.Log, fault);
        }
    }

    /// <summary>Ends one session in an orderly way, with FIN.</summary>
    /// <returns>False: this listener has no such session.</returns>
    public async Task<bool> KillAsync(long session)
    {
        string? client = (await OnEachPartAsync(part => part.Kill(session))).FirstOrDefault(found => found is not null);
        if (client is not null)
        {
            DataPlaneLog.SessionKilled(_context.Log, Options.Name, session, client);
        }

        return client is not null;
    }

    private void EndWaits(TopologyView held) => _ = EndWaitsAsync(
        () => _source.Current is { Availability: Availability.PlannedHold } now && now.Generation == held.Generation);

    private Gate[] Gates => [.. _parts.Select(part => part.Gate)];

    private Task ListenOnAsync(int loop, int fd, bool isSpread)
    {
        var socket = new LoopSocket(_context.Loops[loop], fd);
        if (!socket.TryRegister(isConnected: false))
        {
            throw new Win32Exception(Errno.Last);
        }

        SessionListener part = _parts[loop];
        return part.ListenAsync(
            socket,
            isSpread ? part.Accept : DealOut,
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
