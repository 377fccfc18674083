using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// Ends the sessions of one listener on one loop one after the other, at a steady rate: clients that all lose their connection at the
/// same moment all reconnect at the same moment. Until its turn comes, a session is served as before; from then on it ends as soon as it
/// is quiescent. Clients that asked to be told are told to move when their turn comes, and get time to do so before their session ends.
/// </summary>
internal sealed class GradualEnd
{
    // Few sessions do not need the whole time: a hundred reconnecting clients per second overload nobody.
    private const int MaxMsBetweenEnds = 10;

    private readonly EventLoop _loop;
    private readonly LoopTimer _tick;
    private readonly Queue<Session> _left = new();

    // Told to move, in the order in which they end if they have not.
    private readonly Queue<(Session Session, long EndMs)> _moving = new();
    private long _beganAtMs;
    private long _spreadMs;
    private int _total;
    private HandoffMove? _move;
    private long _moveMs;

    public GradualEnd(EventLoop loop)
    {
        _loop = loop;
        _tick = new LoopTimer(static self => ((GradualEnd)self).EndDue(), this);
    }

    /// <summary>
    /// Replaces what was begun before, but those told to move then keep their time. The oldest go first: a new session may not have sent
    /// anything yet.
    /// </summary>
    /// <param name="sessions">The sessions to end.</param>
    /// <param name="spreadMs">The last turn comes within this time; 0: all come now. Clients told to move have as long again.</param>
    /// <param name="move">What those are told; null: nothing.</param>
    public void Begin(IEnumerable<Session> sessions, long spreadMs, HandoffMove? move)
    {
        _left.Clear();
        foreach (Session session in sessions.OrderBy(session => session.Id))
        {
            if (session.State.Handoffs is not { IsLeaving: true })
            {
                _left.Enqueue(session);
            }
        }

        _total = _left.Count;
        _beganAtMs = _loop.NowMs;
        _spreadMs = Math.Min(spreadMs, (long)_total * MaxMsBetweenEnds);
        _move = move;
        _moveMs = spreadMs;
        EndDue();
    }

    /// <summary>Sessions whose turn has not come stay, and so do those that were told to move.</summary>
    public void Cancel()
    {
        foreach ((Session session, _) in _moving)
        {
            session.State.Handoffs?.Stay();
        }

        _left.Clear();
        _moving.Clear();
        _loop.Timers.Disarm(_tick);
    }

    private void EndDue()
    {
        long now = _loop.NowMs;
        long elapsedMs = now - _beganAtMs;
        long due = elapsedMs >= _spreadMs ? _total : 1 + (_total * elapsedMs / _spreadMs);
        while (_left.Count > _total - due)
        {
            Session session = _left.Dequeue();
            if (!session.IsEnded && !TryMove(session))
            {
                session.EndWhenQuiescent();
            }
        }

        while (_moving.TryPeek(out (Session Session, long EndMs) moving) && moving.EndMs <= now)
        {
            _moving.Dequeue();
            if (!moving.Session.IsEnded)
            {
                moving.Session.EndWhenQuiescent();
            }
        }

        if (_left.Count > 0 || _moving.Count > 0)
        {
            _loop.Timers.Arm(_tick, _left.Count > 0 ? now + 1 : _moving.Peek().EndMs);
        }
    }

    private bool TryMove(Session session)
    {
        if (session.State.Handoffs is not { } told || _move?.PushFor(told.Wish, session.Client.LocalAddress, _moveMs) is not { } push)
        {
            return false;
        }

        told.Leave(push);
        _moving.Enqueue((session, _loop.NowMs + _moveMs));
        session.Replies.Wake();
        return true;
    }
}
