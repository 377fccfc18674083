using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// A time before a session connects. It ends early when the way is shut, the topology moves on, or somebody waits for an idle session;
/// its keeper is woken at its end.
/// </summary>
internal sealed class LinkPause
{
    private readonly Gate _gate;
    private readonly long _dueMs;
    private readonly long _generation;
    private readonly bool _isIdle;
    private readonly LoopTimer _timer;

    /// <param name="parts">Of the session.</param>
    /// <param name="gate">Its own.</param>
    /// <param name="ms">At the longest.</param>
    /// <param name="isIdle">Nobody waits for the session.</param>
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
