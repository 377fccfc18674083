using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// Ends the sessions of one listener on one loop one after the other, at a steady rate: clients that all lose their connection in the
/// same moment all connect again in the same moment. A session whose turn has not come is served as before; one whose turn has come ends
/// as soon as it is quiescent.
/// </summary>
internal sealed class GradualEnd
{
    // Few sessions do not need the whole time: nobody is overrun by a hundred clients in a second.
    private const int MaxMsBetweenTurns = 10;

    private readonly EventLoop _loop;
    private readonly LoopTimer _tick;
    private readonly Queue<Session> _left = new();
    private long _beganAtMs;
    private long _spreadMs;
    private int _total;

    public GradualEnd(EventLoop loop)
    {
        _loop = loop;
        _tick = new LoopTimer(static self => ((GradualEnd)self).TakeTurns(), this);
    }

    /// <summary>Instead of what was begun before. The oldest go first: what has just come may have said nothing yet.</summary>
    /// <param name="sessions">Each gets a turn.</param>
    /// <param name="spreadMs">The last turn comes after so long at the latest; 0: all turns come now.</param>
    public void Begin(IEnumerable<Session> sessions, long spreadMs)
    {
        _left.Clear();
        foreach (Session session in sessions.OrderBy(session => session.Id))
        {
            _left.Enqueue(session);
        }

        _total = _left.Count;
        _beganAtMs = _loop.NowMs;
        _spreadMs = Math.Min(spreadMs, (long)_total * MaxMsBetweenTurns);
        TakeTurns();
    }

    /// <summary>Sessions whose turn has not come stay.</summary>
    public void Cancel()
    {
        _left.Clear();
        _loop.Timers.Disarm(_tick);
    }

    private void TakeTurns()
    {
        long elapsedMs = _loop.NowMs - _beganAtMs;
        long due = elapsedMs >= _spreadMs ? _total : 1 + (_total * elapsedMs / _spreadMs);
        while (_left.Count > _total - due)
        {
            Session session = _left.Dequeue();
            if (!session.IsEnded)
            {
                session.EndWhenQuiescent();
            }
        }

        if (_left.Count > 0)
        {
            _loop.Timers.Arm(_tick, _loop.NowMs + 1);
        }
    }
}
