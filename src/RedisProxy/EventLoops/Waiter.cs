using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace RedisProxy.EventLoops;

/// <summary>
/// The single waiting place of a loop object: for an async method, as the state behind a reusable <see cref="IValueTaskSource"/>,
/// or for a callback. At most one wait at a time. Only the loop's thread touches it, so there are no races and no version checks.
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

        /// <summary>Its completion is in the loop's deferred queue.</summary>
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

    /// <summary>Runs the callback once, when the wait is over; the callback may wait again at once.</summary>
    public void Arm(Action<object?> callback, object state)
    {
        Debug.Assert(_phase == Phase.Idle, "one wait at a time");
        _phase = Phase.Armed;
        _isCallback = true;
        _continuation = callback;
        _state = state;
    }

    /// <summary>An armed waiter will be completed from the deferred queue; nothing else may complete it until then.</summary>
    public void MarkScheduled()
    {
        Debug.Assert(_phase == Phase.Armed, "nothing is waiting");
        _phase = Phase.Scheduled;
    }

    public void OnCompleted(Action<object?> continuation, object? state)
    {
        Debug.Assert(_phase is Phase.Armed or Phase.Scheduled, "registered before the wait was armed");
        _continuation = continuation;
        _state = state;
    }

    /// <summary>Runs the continuation, which may wait again at once. Only from the top of the loop.</summary>
    public void Complete()
    {
        Debug.Assert(_phase is Phase.Armed or Phase.Scheduled, "nothing is waiting");
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
