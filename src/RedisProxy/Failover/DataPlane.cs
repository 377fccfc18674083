using System.ComponentModel;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Tls;
using RedisProxy.Topology;

namespace RedisProxy.Failover;

/// <summary>
/// The loops and, on each, a part of every listener. Starts by binding all addresses, so that a wrong one is reported before anything
/// runs; stops in two stages: sessions end when nothing of theirs is pending, and what is left at the deadline is aborted.
/// </summary>
internal sealed class DataPlane
{
    private const int MaxAutomaticLoops = 4;

    // Kept free for everything that is not a session. The runtime holds every assembly open, about 180 of them, and ends the process
    // when it gets no descriptor for something that it needs; the rest is for Sentinels, probes and the admin surface.
    private const int ReservedFiles = 300;

    private const int FilesPerSession = 2;

    private readonly ProxyOptions _options;
    private readonly ILogger _log;
    private readonly EventLoop[] _loops;
    private readonly List<DataPlaneListener> _listeners = [];
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="options">Valid.</param>
    /// <param name="sources">For each listener, in their order, where its topology comes from.</param>
    /// <param name="tls">Of the listeners and towards the master.</param>
    /// <param name="time">The loops' clock.</param>
    /// <param name="log">Of this layer.</param>
    public DataPlane(ProxyOptions options, IReadOnlyList<ITopologySource> sources, TlsSetup tls, TimeProvider time, ILogger log)
    {
        _options = options;
        _log = log;
        int count = options.Loops.Count > 0 ? options.Loops.Count : Math.Min(Environment.ProcessorCount, MaxAutomaticLoops);
        _loops = new EventLoop[count];
        var limiters = new ConnectLimiter[count];
        for (int i = 0; i < count; i++)
        {
            _loops[i] = new EventLoop(i, time, error => DataPlaneLog.LoopCallbackFailed(log, error));
            limiters[i] = new ConnectLimiter(Math.Max(1, options.Backend.MaxConcurrentConnects / count));
        }

        var total = new SessionQuota(MaxSessions);
        for (int i = 0; i < options.Listeners.Count; i++)
        {
            var quota = new SessionQuota(options.Listeners[i].MaxSessions, total);
            _listeners.Add(new DataPlaneListener(options, options.Listeners[i], sources[i], tls, _loops, limiters, quota, log));
        }

        MemoryBudget.Apply(options.Loops.MaxBufferMemory, _loops, _listeners, log);
    }

    /// <summary>As many as the limit of open files allows. Running into that limit itself would hurt more than new clients.</summary>
    private static long MaxSessions => Math.Max(1, (Sockets.MaxOpenFiles - ReservedFiles) / FilesPerSession);

    public IReadOnlyList<EventLoop> Loops => _loops;

    public IReadOnlyList<DataPlaneListener> Listeners => _listeners;

    /// <summary>Sessions now, over all listeners.</summary>
    public long SessionCount => _listeners.Sum(listener => listener.SessionCount);

    /// <summary>Fails when a loop or a listening socket has become unusable. The process cannot do its work then.</summary>
    public Task Failure => _failed.Task;

    /// <summary>When this returns, every listener accepts.</summary>
    /// <exception cref="Win32Exception">An address cannot be bound.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        long wanted = _options.Listeners.Sum(listener => (long)listener.MaxSessions);
        if (wanted > MaxSessions)
        {
            DataPlaneLog.TooFewFiles(_log, Sockets.MaxOpenFiles, MaxSessions, wanted);
        }

        foreach (DataPlaneListener listener in _listeners)
        {
            await listener.BindAsync(cancel);
        }

        foreach (EventLoop loop in _loops)
        {
            loop.Start();
            Watch(loop.Completion);
        }

        foreach (DataPlaneListener listener in _listeners)
        {
            Watch(await listener.StartAsync());
            DataPlaneLog.Listening(_log, listener.Options.Name, listener.Options.Bind, _loops.Length);
        }
    }

    /// <summary>Has every loop count what is pending now, see <see cref="SessionCounters.InFlight"/>. No loop waits for another.</summary>
    /// <returns>False: a loop does not answer in time, and its counts are those of before.</returns>
    public async Task<bool> TryCountPendingAsync(TimeSpan atMost, TimeProvider time)
    {
        try
        {
            await Task.WhenAll(_listeners.SelectMany(listener => listener.Parts).Select(CountPendingAsync)).WaitAsync(atMost, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }

        static Task<bool> CountPendingAsync(SessionListener part) => part.Gate.Loop.InvokeAsync(() =>
        {
            part.CountPending();
            return true;
        });
    }

    /// <summary>Accepts no more, waits until the sessions have ended, or the drain timeout has passed, and ends the loops.</summary>
    public async Task StopAsync(TimeProvider time)
    {
        Task drained = Task.WhenAll(_listeners.Select(listener => listener.DrainAsync()));
        try
        {
            await drained.WaitAsync(_options.Shutdown.DrainTimeout, time);
            DataPlaneLog.Drained(_log);
        }
        catch (TimeoutException)
        {
            DataPlaneLog.DrainTimedOut(_log, SessionCount);
            foreach (DataPlaneListener listener in _listeners)
            {
                listener.AbortAll();
            }

            await drained;
        }

        foreach (EventLoop loop in _loops)
        {
            loop.Stop();
        }

        await Task.WhenAll(_loops.Select(loop => loop.Completion)).ContinueWith(
            static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private void Watch(Task task) => _ = task.ContinueWith(
        failed => _failed.TrySetException(failed.Exception!.InnerExceptions),
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted,
        TaskScheduler.Default);
}
