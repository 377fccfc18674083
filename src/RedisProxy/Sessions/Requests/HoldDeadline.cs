using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// How long requests wait for a master (<c>hold.timeout</c>). Past its deadline a request is answered, and never sent afterwards. What
/// the client sends behind it may rely on it: when the state of the connection was to be changed, nothing behind it is ever sent
/// (<see cref="PendingRequest.IsLostChange"/>), and a transaction that lost a part is not executed.
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
        ref PendingRequest newest = ref Waiting.Newest;
        newest.Outcome = newest.OutcomeWhenGivenUp;
        Conclude();
    }

    private void OnDue()
    {
        long now = _session.Loop.NowMs;
        long nextMs = long.MaxValue;
        bool hasExpired = false;
        for (int i = 0; i < Waiting.Count; i++)
        {
            ref PendingRequest request = ref Waiting[i];
            long deadlineMs = Math.Max(
                request.WaitsSinceMs + _session.Settings.HoldTimeoutMs, _session.Gate.KeptUntilMs(request.Traits));
            if (request.IsSynthesised)
            {
                continue;
            }

            if (deadlineMs <= now)
            {
                request.Outcome = request.OutcomeWhenGivenUp;
                _session.Counters.Holds.Add(now - request.WaitsSinceMs);
                hasExpired = true;
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
}
