using System.Diagnostics;

namespace RedisProxy.EventLoops;

/// <summary>
/// One thread that serves many sockets: its own <see cref="EventLoops.Kernel"/>, timers, buffers and counters, nothing shared with
/// another loop. What lives on a loop (a <see cref="LoopSocket"/>, a session) is touched by this thread only and needs no lock.
/// Other threads use <see cref="Post"/>.
/// <para>
/// Continuations of awaits run inline, and only from the top of the loop: for a readiness event, or from the deferred queue. Nothing that
/// a continuation does (closing a socket, setting a signal) runs another continuation before it returns.
/// </para>
/// <para>A loop has a thread of its own (<see cref="Start"/>), or its owner drives it one iteration at a time (<see cref="RunOnce"/>).
/// </para>
/// </summary>
internal sealed class EventLoop : IDisposable
{
    private readonly PostQueue _posted = new();
    private readonly Queue<(Action<object?> Callback, object? State)> _deferred = new();
    private readonly TimeProvider _time;
    private readonly long _timestampAtZero;
    private readonly Action<Exception> _onError;
    private readonly LoopSynchronizationContext _context;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private LoopSocket?[] _sockets = new LoopSocket?[256];
    private int _wakePending;
    private bool _stopping;
    private Thread? _thread;

    /// <param name="index">0 to the number of loops - 1; names the thread.</param>
    /// <param name="time">The clock behind <see cref="NowMs"/>.</param>
    /// <param name="onError">Receives exceptions of posted work and timers. The loop continues: a fault stays in its session.</param>
    /// <param name="kernel">The operating system, or a simulated one. Disposed by the loop.</param>
    /// <param name="random">Null: the shared one. Source of every random choice of the loop's sessions.</param>
    public EventLoop(int index, TimeProvider time, Action<Exception> onError, Kernel kernel, Random? random = null)
    {
        Index = index;
        _time = time;
        _onError = onError;
        _timestampAtZero = time.GetTimestamp();
        _context = new LoopSynchronizationContext(this);
        Kernel = kernel;
        Random = random ?? Random.Shared;
        Timers = new TimerWheel(0, onError);
    }

    public int Index { get; }

    /// <summary>Monotonic milliseconds since the loop was created, as of the start of this iteration.</summary>
    public long NowMs { get; private set; }

    /// <summary><see cref="NowMs"/> in microseconds.</summary>
    public long NowUs { get; private set; }

    /// <summary>Number of iterations so far. If it does not grow after a <see cref="Post"/>, the loop hangs.</summary>
    public long Iteration { get; private set; }

    /// <summary>Posted work is waiting to run.</summary>
    public bool HasPosted => !_posted.IsEmpty;

    public Kernel Kernel { get; }

    public Random Random { get; }

    public TimerWheel Timers { get; }

    public SlabPool Slabs { get; } = new();

    public bool IsCurrent => Thread.CurrentThread == _thread;

    /// <summary>Completes when the loop's thread ends; faulted if an error outside the sessions ended it.</summary>
    public Task Completion => _stopped.Task;

    public void Start()
    {
        Debug.Assert(_thread is null, "already started or driven");
        _thread = new Thread(Run) { IsBackground = true, Name = $"loop-{Index}" };
        _thread.Start();
    }

    /// <summary>Instead of <see cref="Start"/>: one iteration on the caller's thread, which must always be the same.</summary>
    public void RunOnce()
    {
        _thread ??= Thread.CurrentThread;
        Debug.Assert(IsCurrent, "a loop has one thread");
        SynchronizationContext? before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(_context);
        try
        {
            RunIteration();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    /// <summary>What <see cref="NowMs"/> would be if an iteration began now.</summary>
    public long ReadClockMs() => (long)_time.GetElapsedTime(_timestampAtZero).TotalMilliseconds;

    /// <summary>Converts a timestamp of the loop's clock to the scale of <see cref="NowMs"/>.</summary>
    public long ToMs(long timestamp) => (long)_time.GetElapsedTime(_timestampAtZero, timestamp).TotalMilliseconds;

    /// <summary>Runs the callback on the loop's thread, in the order of posting. Any thread; never blocks.</summary>
    public void Post(Action<object?> callback, object? state)
    {
        _posted.Enqueue(callback, state);
        if (Interlocked.Exchange(ref _wakePending, 1) == 0)
        {
            Kernel.Wake();
        }
    }

    /// <summary>Runs the function on the loop's thread and completes the task, without running continuations there.</summary>
    public Task<T> InvokeAsync<T>(Func<T> function)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(
            _ =>
            {
                try
                {
                    result.SetResult(function());
                }
                catch (Exception error)
                {
                    result.SetException(error);
                }
            },
            null);
        return result.Task;
    }

    /// <summary>
    /// Runs the callback at the end of this iteration, or in the next one. Only from the loop's own thread. What an iteration received is
    /// sent from here: a send wakes its peer, and when all receives come first, the peer wakes once for many requests instead of for each.
    /// </summary>
    public void Defer(Action<object?> callback, object? state)
    {
        Debug.Assert(IsCurrent, "other threads must post");
        _deferred.Enqueue((callback, state));
    }

    /// <summary>Ends the loop after the current iteration. Does not close sockets; their owners do that first.</summary>
    public void Stop() => Post(static loop => ((EventLoop)loop!)._stopping = true, this);

    public void Dispose() => Kernel.Dispose();

    /// <summary>Delivers readiness events of the descriptor to the socket. False: the kernel refused, see errno.</summary>
    internal bool TryRegister(LoopSocket socket, int fd)
    {
        if (fd >= _sockets.Length)
        {
            Array.Resize(ref _sockets, Math.Max(fd + 1, _sockets.Length * 2));
        }

        Debug.Assert(_sockets[fd] is null, "the descriptor still belongs to another socket");
        _sockets[fd] = socket;
        if (Kernel.TryWatch(fd, Token(fd, socket.Version)))
        {
            return true;
        }

        _sockets[fd] = null;
        return false;
    }

    /// <summary>Ends the events of a descriptor that is somebody else's from now on.</summary>
    internal void Forget(int fd)
    {
        Kernel.Unwatch(fd);
        if (fd < _sockets.Length)
        {
            _sockets[fd] = null;
        }
    }

    /// <summary>Closes the descriptor, which also ends its events.</summary>
    internal void Close(int fd, bool abort)
    {
        _sockets[fd] = null;
        if (abort)
        {
            Kernel.Abort(fd);
        }
        else
        {
            Kernel.Close(fd);
        }
    }

    // The batch may still hold an event for a descriptor that has since been closed and reused by a new socket: the version tells.
    private static ulong Token(int fd, uint version) => (uint)fd | ((ulong)version << 32);

    private void Run()
    {
        SynchronizationContext.SetSynchronizationContext(_context);
        try
        {
            Kernel.OnThreadStarted();
            while (!_stopping)
            {
                RunIteration();
            }

            _stopped.SetResult();
        }
        catch (Exception error)
        {
            _stopped.SetException(error);
        }
    }

    private void RunIteration()
    {
        int timeoutMs = _deferred.Count > 0 ? 0 : Timers.TimeoutMs(NowMs);
        int events = Kernel.Wait(timeoutMs);
        TimeSpan now = _time.GetElapsedTime(_timestampAtZero);
        NowMs = now.Ticks / TimeSpan.TicksPerMillisecond;
        NowUs = now.Ticks / TimeSpan.TicksPerMicrosecond;
        Iteration++;

        // After the loop was kept off its processor, replies may be ready together with a post that says not to trust them. The kernel
        // lists events in order of arrival, so posted work runs first.
        if (Volatile.Read(ref _wakePending) != 0)
        {
            RunAll(_posted.TakeAll());
        }

        for (int i = 0; i < events; i++)
        {
            ulong token = Kernel.DataAt(i);
            if (token == Kernel.WakeData)
            {
                RunPosted();
                continue;
            }

            LoopSocket? socket = _sockets[(int)(uint)token];
            if (socket is not null && socket.Version == (uint)(token >> 32))
            {
                socket.OnReady(Kernel.ReadinessAt(i));
            }
        }

        Timers.Advance(NowMs);
        RunDeferred();
    }

    private void RunPosted()
    {
        Kernel.ClearWake();

        // Clear before taking the queue: a later post then wakes the loop again.
        Interlocked.Exchange(ref _wakePending, 0);
        RunAll(_posted.TakeAll());
    }

    private void RunAll(PostQueue.Item? first)
    {
        for (PostQueue.Item? item = first; item is not null; item = item.Next)
        {
            try
            {
                item.Run();
            }
            catch (Exception error)
            {
                _onError(error);
            }
        }
    }

    // Only what is queued now: work deferred meanwhile waits for the next iteration, so that sockets are served in between.
    private void RunDeferred()
    {
        for (int left = _deferred.Count; left > 0; left--)
        {
            (Action<object?> callback, object? state) = _deferred.Dequeue();
            try
            {
                callback(state);
            }
            catch (Exception error)
            {
                _onError(error);
            }
        }
    }
}
