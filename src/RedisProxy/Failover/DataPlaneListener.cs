using System.ComponentModel;
using System.Net;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Tls;
using RedisProxy.Topology;

namespace RedisProxy.Failover;

/// <summary>
/// One configured listener over all loops. On TCP every loop has its own listening socket and the kernel spreads connections over them
/// (SO_REUSEPORT); a unix path has one socket, whose loop deals the connections out in turn.
/// </summary>
internal sealed class DataPlaneListener
{
    private readonly ITopologySource _source;
    private readonly EventLoop[] _loops;
    private readonly SessionListener[] _parts;
    private readonly ILogger _log;
    private readonly List<(int Loop, int Fd)> _bound = [];
    private readonly Lock _pausing = new();
    private FailoverBridge? _bridge;
    private ITimer? _endOfPause;
    private int _nextPart;

    public DataPlaneListener(
        ProxyOptions options,
        ListenerOptions listener,
        ITopologySource source,
        TlsSetup tls,
        EventLoop[] loops,
        ConnectLimiter[] limiters,
        SessionQuota quota,
        ILogger log)
    {
        Options = listener;
        _source = source;
        _loops = loops;
        _log = log;
        var settings = new SessionSettings(options, listener)
        {
            ClientTls = tls.Of(listener),
            MaxHandshakes = Math.Max(1, (listener.Tls?.MaxConcurrentHandshakes ?? 0) / loops.Length),
            BackendTls = tls.Backend,
        };
        var handshakes = new HandshakeFailures(listener.Name, log);
        _parts = new SessionListener[loops.Length];
        for (int i = 0; i < loops.Length; i++)
        {
            Gate gate = FailoverBridge.CreateGate(
                loops[i], source, options.Hold.MaxOutage, error => DataPlaneLog.SessionFailed(log, listener.Name, error));
            _parts[i] = new SessionListener(loops[i], gate, limiters[i], settings, quota)
            {
                OnHandshakeFailed = handshakes.Report,
            };
        }
    }

    public ListenerOptions Options { get; }

    public ITopologySource Source => _source;

    public IEnumerable<SessionCounters> Counters => _parts.Select(part => part.Counters);

    public IReadOnlyList<SessionListener> Parts => _parts;

    /// <summary>Sessions now, over all loops.</summary>
    public long SessionCount => Counters.Sum(counters => counters.Phases.Sum());

    /// <exception cref="Win32Exception">The address cannot be bound.</exception>
    public async Task BindAsync(CancellationToken cancel)
    {
        if (Options.Bind.UnixPath is { } path)
        {
            _bound.Add((0, Sockets.ListenUnix(path)));
            return;
        }

        HostEndpoint endpoint = Options.Bind.Tcp!;
        IPAddress[] addresses = endpoint.Address is { } address ? [address] : await Dns.GetHostAddressesAsync(endpoint.Host, cancel);
        foreach (IPAddress bindTo in addresses)
        {
            for (int loop = 0; loop < _loops.Length; loop++)
            {
                _bound.Add((loop, Sockets.Listen(new IPEndPoint(bindTo, endpoint.Port), _parts[loop].Settings.ClientTcp)));
            }
        }
    }

    /// <summary>Begins to accept and to follow the topology.</summary>
    /// <returns>A task that fails when a listening socket has become unusable, and ends when all were stopped.</returns>
    public async Task<Task> StartAsync()
    {
        _bridge = FailoverBridge.Connect(_source, [.. _parts.Select(part => part.Gate)]);
        var accepting = new List<Task>();
        foreach ((int loop, int fd) in _bound)
        {
            accepting.Add(await _loops[loop].InvokeAsync(() => ListenOnAsync(loop, fd)));
        }

        return Task.WhenAll(accepting);
    }

    /// <summary>Accepts no more. Ends when the last session has ended, for which no request may go on waiting for an operator.</summary>
    public Task DrainAsync()
    {
        Resume();
        ForEachPart(static part => part.Stop());
        if (Options.Bind.UnixPath is { } path)
        {
            File.Delete(path);
        }

        return Task.WhenAll(_parts.Select(part => part.Drained));
    }

    /// <summary>An operator has paused it, and the time has not passed.</summary>
    public bool IsPaused => _bridge is { IsPaused: true };

    /// <summary>
    /// Requests wait, as they do in a failover; what is in flight is answered. Ends by <see cref="Resume"/>, or by itself: an operator who
    /// forgets must not be an outage. A further pause begins the time anew.
    /// </summary>
    public void Pause(TimeSpan atMost, TimeProvider time)
    {
        lock (_pausing)
        {
            _endOfPause?.Dispose();
            _endOfPause = time.CreateTimer(static self => ((DataPlaneListener)self!).Resume(), this, atMost, Timeout.InfiniteTimeSpan);
            DataPlaneLog.Paused(_log, Options.Name, atMost);
            _bridge!.IsPaused = true;
        }
    }

    public void Resume()
    {
        lock (_pausing)
        {
            _endOfPause?.Dispose();
            if (IsPaused)
            {
                DataPlaneLog.Resumed(_log, Options.Name);
                _bridge!.IsPaused = false;
            }
        }
    }

    /// <summary>Ends one session in order, with FIN.</summary>
    /// <returns>False: this listener has no such session.</returns>
    public async Task<bool> KillAsync(long session)
    {
        bool[] found = await Task.WhenAll(_parts.Select(part => part.Gate.Loop.InvokeAsync(() => part.Kill(session))));
        return found.Contains(true);
    }

    public void AbortAll() => ForEachPart(static part => part.AbortAll());

    private Task ListenOnAsync(int loop, int fd)
    {
        var socket = new LoopSocket(_loops[loop], fd);
        if (!socket.TryRegister(isConnected: false))
        {
            throw new Win32Exception(Errno.Last);
        }

        SessionListener part = _parts[loop];
        return part.ListenAsync(
            socket,
            Options.Bind.UnixPath is null ? part.Accept : DealOut,
            error => DataPlaneLog.AcceptBacksOff(_log, Options.Name, Errno.Describe(error)));
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

    private void ForEachPart(Action<SessionListener> action)
    {
        foreach (SessionListener part in _parts)
        {
            part.Gate.Loop.Post(
                static posted =>
                {
                    (SessionListener part, Action<SessionListener> action) = ((SessionListener, Action<SessionListener>))posted!;
                    action(part);
                },
                (part, action));
        }
    }
}
