using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace RedisProxy.EventLoops;

/// <summary>
/// The one place of a loop object where somebody waits: an async method, as the state behind a reusable <see cref="IValueTaskSource"/>,
/// or a callback. At most one wait at a time. Only the loop's thread touches it, so there are no races and no versions to tell.
/// </summary>
internal struct Waiter
{
    private Action<object?>? _continuation;
    private object? _state;
    private Phase _phase;
    private bool _isCallback;

    private enum Phase : byte
    {
        Idle,
        Armed,

        /// <summary>Its completion stands in the loop's deferred queue.</summary>
        Scheduled,
        Completed,
    }

    public readonly bool IsArmed => _phase == Phase.Armed;

    public readonly ValueTaskSourceStatus Status =>
        _phase == Phase.Completed ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Pending;

    public ValueTask ArmAsync(IValueTaskSource source, short token)
    {
        Debug.Assert(_phase == Phase.Idle, "one wait at a time");
        _phase = Phase.Armed;
        return new ValueTask(source, token);
    }

    /// <summary>The callback runs once, when the wait is over; it may wait again at once.</summary>
    public void Arm(Action<object?> callback, object state)
    {
        Debug.Assert(_phase == Phase.Idle, "one wait at a time");
        _phase = Phase.Armed;
        _isCallback = true;
        _continuation = callback;
        _state = state;
    }

    /// <summary>An armed waiter is about to be completed from the deferred queue; nobody else may complete it until then.</summary>
    public void MarkScheduled()
    {
        Debug.Assert(_phase == Phase.Armed, "nobody waits");
        _phase = Phase.Scheduled;
    }

    public void OnCompleted(Action<object?> continuation, object? state)
    {
        Debug.Assert(_phase is Phase.Armed or Phase.Scheduled, "asked before the status");
        _continuation = continuation;
        _state = state;
    }

    /// <summary>Runs the continuation, which may wait again at once. Only from the top of the loop.</summary>
    public void Complete()
    {
        Debug.Assert(_phase is Phase.Armed or Phase.Scheduled, "nobody waits");
        _phase = _isCallback ? Phase.Idle : Phase.Completed;
        _isCallback = false;
        Action<object?>? continuation = _continuation;
        object? state = _state;
        _continuation = null;
        _state = null;
        continuation?.Invoke(state);
    }

    /// <summary>The waiter has seen the result.</summary>
    public void Reset() => _phase = Phase.Idle;
}
