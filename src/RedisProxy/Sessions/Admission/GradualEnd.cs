using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// Ends the sessions of one listener on one loop one after the other, at a steady rate: clients that all lose their connection at the
/// same moment all reconnect at the same moment. Until its turn comes, a session is served as before; from then on it ends as soon as it
/// is quiescent.
/// </summary>
internal sealed class GradualEnd
{
    // Few sessions do not need the whole time: a hundred reconnecting clients per second overload nobody.
    private const int MaxMsBetweenEnds = 10;

    private readonly EventLoop _loop;
    private readonly LoopTimer _tick;
    private readonly Queue<Session> _left = new();
    private long _beganAtMs;
    private long _spreadMs;
    private int _total;

    public GradualEnd(EventLoop loop)
    {
        _loop = loop;
        _tick = new LoopTimer(static self => ((GradualEnd)self).EndDue(), this);
    }

    /// <summary>Replaces what was begun before. The oldest go first: a new session may not have sent anything yet.</summary>
    /// <param name="sessions">The sessions to end.</param>
    /// <param name="spreadMs">The last turn comes within this time; 0: all come now.</param>
    public void Begin(IEnumerable<Session> sessions, long spreadMs)
    {
        _left.Clear();
        foreach (Session session in sessions.OrderBy(session => session.Id))
        {
            _left.Enqueue(session);
        }

        _total = _left.Count;
        _beganAtMs = _loop.NowMs;
        _spreadMs = Math.Min(spreadMs, (long)_total * MaxMsBetweenEnds);
        EndDue();
    }

    /// <summary>Sessions whose turn has not come stay.</summary>
    public void Cancel()
    {
        _left.Clear();
        _loop.Timers.Disarm(_tick);
    }

    private void EndDue()
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
