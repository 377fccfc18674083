using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// How long requests wait for a master (<c>hold.timeout</c>). Past its deadline a request is answered, and never sent afterwards. Later
/// requests of the client may depend on it: if it was to change the connection's state, nothing behind it is ever sent
/// (<see cref="PendingRequest.IsLostChange"/>), and a transaction that lost a part is not executed.
/// </summary>
internal sealed class HoldDeadline
{
    private const long UsPerMs = 1000;

    private readonly RequestQueue _waiting;
    private readonly Gate _gate;
    private readonly ISessionParts _parts;
    private readonly Action _onIdle;
    private readonly LoopTimer _timer;

    /// <param name="waiting">The requests.</param>
    /// <param name="gate">Of their session.</param>
    /// <param name="parts">Notified when requests expire.</param>
    /// <param name="onIdle">Called when nothing has waited for some time: the object is no longer needed.</param>
    public HoldDeadline(RequestQueue waiting, Gate gate, ISessionParts parts, Action onIdle)
    {
        _waiting = waiting;
        _gate = gate;
        _parts = parts;
        _onIdle = onIdle;
        _timer = new LoopTimer(static deadline => ((HoldDeadline)deadline).OnDue(), this);
    }

    /// <summary>They wait for the replies to earlier requests, and not for a master.</summary>
    public Func<bool> IsQueued { get; init; } = static () => false;

    private TimerWheel Timers => _gate.Loop.Timers;

    /// <summary>A request has begun to wait.</summary>
    public void Arm()
    {
        if (!_timer.IsArmed && !_waiting.IsEmpty)
        {
            Timers.Arm(_timer, _waiting.Oldest.WaitsSinceMs + _parts.Settings.HoldTimeoutMs);
        }
    }

    public void Disarm() => Timers.Disarm(_timer);

    /// <summary>Records the wait of a request that now goes to a backend: for a master, or for anything else.</summary>
    public static void CountWait(Gate gate, SessionCounters counters, ref PendingRequest request)
    {
        long ms = gate.Loop.NowMs - request.WaitsSinceMs;
        bool isHeld = gate.HasHeld(request);
        if (isHeld)
        {
            CountHold(counters, ms, ref request);
        }

        if (isHeld || ms > 0)
        {
            counters.Times.Of(isHeld ? RequestStage.Hold : RequestStage.Wait, RequestClasses.Of(request.Traits)).Add(ms * UsPerMs);
        }
    }

    /// <summary>Gives the newest request up at once instead of holding it.</summary>
    public void ExpireNewest()
    {
        ref PendingRequest newest = ref _waiting.Newest;
        newest.Outcome = newest.OutcomeWhenGivenUp;
        _parts.OnExpired();
    }

    // A master that rejects it makes it wait again, but it is one request.
    private static void CountHold(SessionCounters counters, long ms, ref PendingRequest request)
    {
        counters.CountHold(ms, request.IsCountedAsHeld ? 0 : 1 + request.More);
        request.IsCountedAsHeld = true;
    }

    private void OnDue()
    {
        long now = _gate.Loop.NowMs;
        long nextMs = long.MaxValue;
        if (IsQueued())
        {
            _waiting.BeginWaits(now);
        }

        bool hasExpired = false;
        for (int i = 0; i < _waiting.Count; i++)
        {
            ref PendingRequest request = ref _waiting[i];
            long deadlineMs = Math.Max(
                request.WaitsSinceMs + _parts.Settings.HoldTimeoutMs, _gate.KeptUntilMs(request.Traits));
            if (request.IsProxyReply)
            {
                continue;
            }

            if (deadlineMs <= now)
            {
                request.Outcome = request.OutcomeWhenGivenUp;
                CountHold(_parts.Counters, now - request.WaitsSinceMs, ref request);
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
        else if (_waiting.IsEmpty)
        {
            _onIdle();
        }

        if (hasExpired)
        {
            _parts.OnExpired();
            _parts.WakeRequests();
        }
    }
}
