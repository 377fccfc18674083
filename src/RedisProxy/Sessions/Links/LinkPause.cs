using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// A delay before a session connects. It ends early when the gate is shut, the topology moves on, or the client of an idle session sends
/// something; it wakes the session's keeper at its end.
/// </summary>
internal sealed class LinkPause
{
    private readonly Gate _gate;
    private readonly long _dueMs;
    private readonly long _generation;
    private readonly bool _isIdle;
    private readonly LoopTimer _timer;

    /// <param name="parts">Of the session.</param>
    /// <param name="gate">Of the session.</param>
    /// <param name="ms">The longest delay.</param>
    /// <param name="isIdle">The session's client waits for nothing.</param>
    public LinkPause(ISessionParts parts, Gate gate, int ms, bool isIdle)
    {
        _gate = gate;
        _dueMs = gate.Loop.NowMs + ms;
        _generation = gate.View.Generation;
        _isIdle = isIdle;
        _timer = new LoopTimer(static parts => ((ISessionParts)parts).WakeKeeper(), parts);
        gate.Loop.Timers.Arm(_timer, _dueMs);
    }

    public bool IsOverFor(bool isWaitedFor) =>
        _gate.Loop.NowMs >= _dueMs || _gate.View.Generation != _generation || (_isIdle && isWaitedFor);

    public void End() => _gate.Loop.Timers.Disarm(_timer);
}
