using System.ComponentModel;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Topology;
using RedisProxy.Transport;

namespace RedisProxy.DataPlane;

/// <summary>
/// The loops and, on each, a part of every listener. Startup binds all addresses first, so that a bad one is reported before anything
/// runs. Stopping has two stages: sessions end when nothing of theirs is pending, and the rest is ended as it is at the deadline.
/// </summary>
internal sealed class Forwarder
{
    private const int MaxAutomaticLoops = 4;

    private readonly ConnectLimiter[] _limiters;
    private readonly long _maxSessions;
    private readonly SessionQuota _total;
    private readonly ListenerContext _context;
    private readonly ILogger _log;
    private readonly EventLoop[] _loops;
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _changing = new();
    private volatile DataPlaneListener[] _listeners;
    private volatile bool _isStopping;
    private ProxyOptions _options;

    /// <param name="options">Valid.</param>
    /// <param name="sources">Of each listener's topology, in the order of the listeners.</param>
    /// <param name="tls">Of the listeners and towards the master.</param>
    /// <param name="time">The loops' clock.</param>
    /// <param name="takeover">Shares or takes over the listeners' addresses, with the transport of the loops, too.</param>
    /// <param name="log">Of this layer.</param>
    public Forwarder(
        ProxyOptions options, IReadOnlyList<ITopologySource> sources, TlsSetup tls, TimeProvider time, PortTakeover takeover, ILogger log)
    {
        _options = options;
        SocketTransport transport = takeover.Transport;
        _maxSessions = Descriptors.MaxSessions(options);
        _total = new SessionQuota(_maxSessions);
        _log = log;
        int count = options.Loops.Count > 0 ? options.Loops.Count : Math.Min(Environment.ProcessorCount, MaxAutomaticLoops);
        _loops = new EventLoop[count];
        _limiters = new ConnectLimiter[count];
        for (int i = 0; i < count; i++)
        {
            _loops[i] = new EventLoop(i, time, error => DataPlaneLog.LoopCallbackFailed(log, error), transport.CreateKernel());
            _limiters[i] = new ConnectLimiter(ConnectsOfOneLoop(options));
        }

        _context = new ListenerContext(_loops, _limiters, tls, takeover, time, log);
        _listeners = [.. options.Listeners.Zip(sources, (listener, source) => Make(options, listener, source))];
        MemoryBudget.Apply(options.Loops.MaxBufferMemory, _loops, () => _listeners, log);
    }

    public IReadOnlyList<EventLoop> Loops => _loops;

    public IReadOnlyList<DataPlaneListener> Listeners => _listeners;

    /// <summary>Of the masters.</summary>
    public OutageLedger Outages => _context.Outages;

    /// <summary>Current sessions of all listeners.</summary>
    public long SessionCount => _listeners.Sum(listener => listener.SessionCount);

    /// <summary>Fails when a loop or a listening socket has become unusable. The process cannot do its work then.</summary>
    public Task Failure => _failed.Task;

    /// <summary>When this returns, every listener accepts.</summary>
    /// <exception cref="Win32Exception">An address cannot be bound.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        long wanted = _options.Listeners.Sum(listener => (long)listener.MaxSessions);
        if (wanted > _maxSessions)
        {
            DataPlaneLog.TooFewFiles(_log, SystemLimits.MaxOpenFiles, _maxSessions, wanted);
        }

        var bound = new List<(DataPlaneListener Listener, ListenerSockets Sockets)>();
        foreach (DataPlaneListener listener in _listeners)
        {
            bound.Add((listener, await BindAsync(_options, listener.Options, _context.Takeover.Sharing, cancel)));
        }

        foreach (EventLoop loop in _loops)
        {
            loop.Start();
            Watch(loop.Completion);
        }

        Outages.Start();

        foreach ((DataPlaneListener listener, ListenerSockets sockets) in bound)
        {
            Watch(await listener.StartAsync(sockets));
        }
    }

    /// <summary>Makes all loops count what is pending now, see <see cref="SessionCounters.InFlight"/>. No loop waits for another.</summary>
    /// <returns>False: a loop did not answer in time, and its counts are stale.</returns>
    public Task<bool> TryCountPendingAsync(TimeSpan atMost, TimeProvider time) =>
        TryCountAsync(_listeners, static part => part.CountPending(), atMost, time);

    /// <summary>The same for the links alone, see <see cref="SessionListener.CountLinks"/>. Asks no loop if none are shared.</summary>
    public Task<bool> TryCountLinksAsync(TimeSpan atMost, TimeProvider time) =>
        TryCountAsync(_listeners.Where(static listener => listener.SharesLinks), static part => part.CountLinks(), atMost, time);

    /// <summary>Binds the addresses that other options need in addition. Nothing else changes.</summary>
    public async Task<ListenerPlan> PlanAsync(ProxyOptions options, CancellationToken cancel)
    {
        var sockets = new Dictionary<string, ListenerSockets>(StringComparer.Ordinal);
        var errors = new List<string>();
        if (_isStopping)
        {
            errors.Add("the proxy is stopping");
            return new ListenerPlan(options, sockets, errors);
        }

        foreach (ListenerOptions listener in options.Listeners)
        {
            DataPlaneListener? known = Find(listener.Name);
            if (known is { IsDraining: false } && known.Options.Bind == listener.Bind)
            {
                continue;
            }

            if (known is not null && (known.Options.Master != listener.Master || known.Options.Role != listener.Role))
            {
                errors.Add(
                    $"listener '{listener.Name}': its sessions with another master or role are still ending; reload again later");
                continue;
            }

            bool isOurs = _listeners.Any(other => !other.IsDraining && other.Options.Bind == listener.Bind);
            try
            {
                sockets[listener.Name] = await BindAsync(
                    options, listener, isOurs ? AddressSharing.TakesOver : AddressSharing.None, cancel);
            }
            catch (Win32Exception failure)
            {
                errors.Add(failure.Message);
            }
        }

        var plan = new ListenerPlan(options, sockets, errors);
        if (errors.Count > 0)
        {
            plan.Discard();
        }

        return plan;
    }

    /// <summary>Replaces the listeners by those of the plan. One call at a time.</summary>
    /// <returns>One task for each removed listener; completes when its last session has ended.</returns>
    public async Task<IReadOnlyList<Task>> CarryOutAsync(ListenerPlan plan, Func<ListenerOptions, ITopologySource> sourceOf)
    {
        ProxyOptions options = _options = plan.Options;
        await Task.WhenAll(_loops.Select(loop => loop.InvokeAsync(
            () => _limiters[loop.Index].MaxConcurrent = ConnectsOfOneLoop(options))));
        DataPlaneListener[] before = _listeners;
        foreach (ListenerOptions wanted in options.Listeners)
        {
            if (Find(wanted.Name) is not { } listener)
            {
                DataPlaneListener added = Make(options, wanted, sourceOf(wanted));
                Watch(await added.StartAsync(plan.Sockets[wanted.Name]));
                Change(listeners => [.. listeners, added]);
                continue;
            }

            await listener.ReconfigureAsync(options, wanted);
            if (plan.Sockets.GetValueOrDefault(wanted.Name) is { } sockets)
            {
                Watch(await listener.OpenAsync(sockets));
            }
        }

        return [.. before.Where(listener => options.Listeners.All(wanted => wanted.Name != listener.Options.Name)).Select(LetGoAsync)];
    }

    /// <summary>Stops accepting, waits until all sessions have ended or the drain timeout has passed, and ends the loops.</summary>
    public async Task StopAsync()
    {
        _isStopping = true;
        Outages.Stop();
        Task drained = Task.WhenAll(_listeners.Select(listener => listener.DrainAsync(_options.Shutdown.DrainTimeout)));

        // A loop that has failed never answers.
        await Task.WhenAny([drained, .. _loops.Select(loop => loop.Completion)]);
        if (drained.IsCompletedSuccessfully)
        {
            DataPlaneLog.Drained(_log);
        }

        foreach (EventLoop loop in _loops)
        {
            loop.Stop();
        }

        await Task.WhenAll(_loops.Select(loop => loop.Completion)).ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        foreach (SessionListener part in _listeners.SelectMany(listener => listener.Parts))
        {
            part.Counters.ClearPending();
        }
    }

    private static async Task<bool> TryCountAsync(
        IEnumerable<DataPlaneListener> listeners, Action<SessionListener> count, TimeSpan atMost, TimeProvider time)
    {
        try
        {
            await Task.WhenAll(listeners.SelectMany(listener => listener.Parts).Select(CountAsync)).WaitAsync(atMost, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }

        Task<bool> CountAsync(SessionListener part) => part.Gate.Loop.InvokeAsync(() =>
        {
            count(part);
            return true;
        });
    }

    private int ConnectsOfOneLoop(ProxyOptions options) => Math.Max(1, options.Backend.MaxConcurrentConnects / _loops.Length);

    private DataPlaneListener? Find(string name) => Array.Find(_listeners, listener => listener.Options.Name == name);

    private async Task<ListenerSockets> BindAsync(
        ProxyOptions options, ListenerOptions listener, AddressSharing sharing, CancellationToken cancel)
    {
        try
        {
            TcpSettings accepted = new SessionSettings(options, listener).ClientTcp;
            var file = new SocketFile(listener.SocketMode?.Bits, listener.SocketGroup);
            return await ListenerSockets.BindAsync(
                _context.Takeover.Transport, listener.Bind, _loops.Length, accepted, sharing, file, cancel);
        }
        catch (Win32Exception failure)
        {
            string advice = failure.NativeErrorCode == Errno.AddressInUse && sharing == AddressSharing.None
                ? "; another program listens there, or another RedisProxy, which --take-over would replace"
                : "";
            throw new Win32Exception(failure.NativeErrorCode, $"listener '{listener.Name}': {failure.Message}{advice}");
        }
    }

    private DataPlaneListener Make(ProxyOptions options, ListenerOptions listener, ITopologySource source)
    {
        var quota = new SessionQuota(listener.MaxSessions, _total);
        return new DataPlaneListener(options, listener, source, quota, _context);
    }

    private void Change(Func<DataPlaneListener[], DataPlaneListener[]> change)
    {
        lock (_changing)
        {
            _listeners = change(_listeners);
        }
    }

    // It stays in the list until its last session has ended, unless it was opened again by then.
    private async Task LetGoAsync(DataPlaneListener listener)
    {
        if (await listener.DrainAsync(_options.Shutdown.DrainTimeout))
        {
            Change(listeners => [.. listeners.Where(other => other != listener || !other.IsDraining)]);
            if (Find(listener.Options.Name) is null)
            {
                Outages.Forget(listener.Options.Name);
            }
        }
    }

    private void Watch(Task task) => _ = task.ContinueWith(
        failed => _failed.TrySetException(failed.Exception!.InnerExceptions),
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted,
        TaskScheduler.Default);
}
