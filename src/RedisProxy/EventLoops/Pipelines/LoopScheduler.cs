using System.IO.Pipelines;

namespace RedisProxy.EventLoops;

/// <summary>
/// Runs the continuations of a loop's sockets on the loop's thread: at once when scheduled there, otherwise when the loop next waits. So
/// pipes are used by one thread only, and need no lock of ours.
/// </summary>
internal sealed class LoopScheduler : PipeScheduler
{
    private readonly object _gate = new();
    private Queue<(Action<object?> Action, object? State)> _scheduled = new();
    private Queue<(Action<object?> Action, object? State)> _running = new();
    private bool _isWaiting;
    private bool _isWoken;
    private int _thread;

    public override void Schedule(Action<object?> action, object? state)
    {
        if (Environment.CurrentManagedThreadId == _thread)
        {
            action(state);
            return;
        }

        lock (_gate)
        {
            _scheduled.Enqueue((action, state));
            EndWait();
        }
    }

    /// <summary>Ends the current or the next wait. Any thread.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            _isWoken = true;
            EndWait();
        }
    }

    /// <summary>Takes the call of <see cref="Wake"/> back, if there was one.</summary>
    public bool TakeWake()
    {
        lock (_gate)
        {
            bool wasWoken = _isWoken;
            _isWoken = false;
            return wasWoken;
        }
    }

    /// <summary>Runs what is scheduled. The calling thread is the loop's from now on.</summary>
    public void Run()
    {
        _thread = Environment.CurrentManagedThreadId;
        lock (_gate)
        {
            (_scheduled, _running) = (_running, _scheduled);
        }

        while (_running.TryDequeue(out (Action<object?> Action, object? State) next))
        {
            next.Action(next.State);
        }
    }

    /// <summary>Returns when something is scheduled, after <see cref="Wake"/>, or when the time has passed.</summary>
    /// <param name="timeoutMs">-1: without limit.</param>
    /// <param name="endsWhenWoken">False: a call of <see cref="Wake"/> from before does not end it.</param>
    public void Wait(int timeoutMs, bool endsWhenWoken = true)
    {
        lock (_gate)
        {
            if (_scheduled.Count == 0 && !(_isWoken && endsWhenWoken) && timeoutMs != 0)
            {
                _isWaiting = true;
                Monitor.Wait(_gate, timeoutMs);
                _isWaiting = false;
            }
        }
    }

    private void EndWait()
    {
        if (_isWaiting)
        {
            Monitor.Pulse(_gate);
        }
    }
}
