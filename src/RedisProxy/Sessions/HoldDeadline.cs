using RedisProxy.EventLoops;
using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// How long requests wait for a master (<c>hold.timeout</c>). Past its deadline a request is answered, and never sent afterwards. What
/// the client sent behind it may rely on it: when the state of the connection was to be changed, all that waits behind is answered too
/// (a SET behind a SELECT that failed would go to another database), and a transaction that lost a part is not executed.
/// </summary>
internal sealed class HoldDeadline
{
    private readonly Session _session;
    private readonly LoopTimer _timer;

    public HoldDeadline(Session session)
    {
        _session = session;
        _timer = new LoopTimer(static deadline => ((HoldDeadline)deadline).OnDue(), this);
    }

    private RequestQueue Waiting => _session.Pipeline.Waiting;

    private TimerWheel Timers => _session.Loop.Timers;

    /// <summary>Something waits.</summary>
    public void Arm()
    {
        if (!_timer.IsArmed && !Waiting.IsEmpty)
        {
            Timers.Arm(_timer, Waiting.Oldest.WaitsSinceMs + _session.Settings.HoldTimeoutMs);
        }
    }

    public void Disarm() => Timers.Disarm(_timer);

    /// <summary>A waiting request goes to a backend.</summary>
    public static void CountHold(Session session, in PendingRequest request)
    {
        if (session.Gate.HasHeld(request))
        {
            session.Counters.Holds.Add(session.Loop.NowMs - request.WaitsSinceMs);
        }
    }

    /// <summary>The newest request is not held at all.</summary>
    public void ExpireNewest()
    {
        Waiting.Newest.Outcome = Outcome.NotExecuted;
        Conclude();
    }

    private void OnDue()
    {
        long now = _session.Loop.NowMs;
        long nextMs = long.MaxValue;
        bool hasExpired = false;
        bool takesAll = false;
        for (int i = 0; i < Waiting.Count; i++)
        {
            ref PendingRequest request = ref Waiting[i];
            long deadlineMs = request.WaitsSinceMs + _session.Settings.HoldTimeoutMs;
            if (request.IsSynthesised)
            {
                continue;
            }

            if (deadlineMs <= now || takesAll)
            {
                request.Outcome = Outcome.NotExecuted;
                _session.Counters.Holds.Add(now - request.WaitsSinceMs);
                hasExpired = true;
                takesAll |= request.HasChange && !IsOfTransaction(request.Traits.Kind);
            }
            else
            {
                nextMs = Math.Min(nextMs, deadlineMs);
            }
        }

        if (nextMs != long.MaxValue)
        {
            Timers.Arm(_timer, nextMs);
        }
        else if (Waiting.IsEmpty)
        {
            _session.Pipeline.ForgetDeadline();
        }

        if (hasExpired)
        {
            Conclude();
            _session.WakeRequests();
        }
    }

    private void Conclude()
    {
        PlayedTransactions.AfterExpiry(_session);
        _session.Replies.Wake();
    }

    private static bool IsOfTransaction(CommandKind kind) =>
        kind is CommandKind.Multi or CommandKind.Exec or CommandKind.Discard or CommandKind.Watch or CommandKind.Unwatch;
}
