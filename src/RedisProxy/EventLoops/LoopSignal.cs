using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace RedisProxy.EventLoops;

/// <summary>
/// Lets one async method on a loop wait for another part of the same loop. Setting it releases the waiter at the end of the iteration,
/// or the next wait at once if none is waiting; several sets before a wait count as one. Reused without allocation.
/// </summary>
internal sealed class LoopSignal(EventLoop loop) : IValueTaskSource
{
    private Waiter _waiter;
    private bool _isSet;

    public void Set()
    {
        Debug.Assert(loop.IsCurrent, "signals belong to their loop");
        if (!_waiter.IsArmed)
        {
            _isSet = true;
            return;
        }

        _waiter.MarkScheduled();
        loop.Defer(static self => ((LoopSignal)self!)._waiter.Complete(), this);
    }

    /// <summary>Completes after the next <see cref="Set"/>, or at once if it was set since the last wait.</summary>
    public ValueTask WaitAsync()
    {
        if (!_isSet)
        {
            return _waiter.ArmAsync(this, 0);
        }

        _isSet = false;
        return default;
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _waiter.Status;

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _waiter.OnCompleted(continuation, state);

    void IValueTaskSource.GetResult(short token) => _waiter.Reset();
}
