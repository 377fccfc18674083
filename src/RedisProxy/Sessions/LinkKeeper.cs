using RedisProxy.EventLoops;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// Sees to it that its session has a link whenever there is a master to link to: waits until somebody has looked at the master since the
/// last one was lost, waits for its turn, connects. It never tries in a circle: after every failure it waits for a new look.
/// </summary>
internal sealed class LinkKeeper(Session session, ConnectLimiter limiter)
{
    /// <summary>Idle sessions wait for a random part of this, so that proxies which saw the same failover do not connect as one.</summary>
    private const int MaxJitterMs = 100;

    // A master that takes connections and gives nothing for them (too many clients) is not asked again in a hurry. Once is nothing:
    // Sentinel ends all connections of a promoted node.
    private const int FirstPauseMs = 50;
    private const int MaxPauseMs = 1000;

    private LoopSignal? _changed;
    private bool _isScheduled;
    private bool _isGranted;
    private int _fruitlessAttempts;
    private long _fruitlessGeneration;
    private long _suspicion;

    /// <summary>There is a master, and it was looked at since this session last had a reason to doubt it.</summary>
    public bool MayConnect => session.Gate.View.IsServing && session.Gate.View.CoversSuspicion >= _suspicion;

    /// <summary>It is getting a link, or about to look whether one is needed.</summary>
    public bool IsBusy => _changed is not null || _isScheduled;

    /// <summary>The socket of a link that is being opened, so that the end of the session can close it.</summary>
    public LoopSocket? Connecting { get; set; }

    /// <summary>The gate, the link or the end of the session has changed.</summary>
    public void Wake()
    {
        if (session.IsEnded)
        {
            Connecting?.Close();
        }

        if (_changed is not null)
        {
            _changed.Set();
        }
        else if (!_isScheduled && !session.IsEnded && session.Link is null)
        {
            // Not now: when a view is applied, all sessions are fenced before any of them connects.
            _isScheduled = true;
            session.Loop.Defer(static keeper => ((LinkKeeper)keeper!).Run(), this);
        }
    }

    /// <summary>The limiter gives this session its turn.</summary>
    public void Grant()
    {
        _isGranted = true;
        _changed?.Set();
    }

    /// <summary>Gets a link if one is needed and may be had. An idle session with a link costs nothing here.</summary>
    public void Run()
    {
        _isScheduled = false;
        if (IsLinkWanted())
        {
            _ = RunAsync();
        }
        else
        {
            session.FinishIfDone();
        }
    }

    /// <summary>The link is of no use any more: it ended, broke, or refuses. What it owed is settled; another one is got.</summary>
    public void LoseLink(BackendLink link, SuspicionReason reason)
    {
        if (link != session.Link)
        {
            return;
        }

        session.Counters.BackendsLost++;
        if (session.IsFinForwarded)
        {
            session.End(EndCause.ClientClosed);
            return;
        }

        OnLinkLost(link, reason);
        link.Socket.Close();
        DropLink(link);
    }

    /// <summary>A new generation was announced. An older link is given up at once, whatever it still says.</summary>
    public void FenceIfSuperseded()
    {
        if (session.Link is { } link && link.Generation < session.Gate.View.Generation)
        {
            GiveUpLink(link);
        }
    }

    /// <summary>There is no way to go on with this link, though nothing is wrong with it.</summary>
    public void GiveUpLink(BackendLink link)
    {
        link.Socket.Abort();
        DropLink(link);
    }

    public void OnConnectFailed()
    {
        session.Counters.RetargetsFailed++;
        Suspect(SuspicionReason.ConnectFailed);
    }

    private async Task RunAsync()
    {
        _changed = new LoopSignal(session.Loop);
        try
        {
            while (IsLinkWanted())
            {
                await PauseAsync(_changed);
                if (IsLinkWanted())
                {
                    await ConnectInTurnAsync(_changed);
                }
            }
        }
        catch (Exception error)
        {
            session.Fail(error);
        }

        _changed = null;
        session.FinishIfDone();
    }

    private bool IsLinkWanted()
    {
        session.UpdatePhase();
        return !session.IsEnded && session.Link is null && MayConnect;
    }

    private async Task PauseAsync(LoopSignal changed)
    {
        bool isIdle = !session.IsWaitedFor;
        bool wasFruitless = _fruitlessAttempts > 1 && _fruitlessGeneration == session.Gate.View.Generation;
        int pauseMs = !wasFruitless ? 0 : Math.Min(MaxPauseMs, FirstPauseMs << Math.Min(_fruitlessAttempts, 8));
        if (isIdle || pauseMs > 0)
        {
            await PauseAsync(changed, pauseMs + session.Loop.Random.Next(MaxJitterMs), isIdle);
        }
    }

    /// <param name="changed">Set when one of the reasons to go on may have come.</param>
    /// <param name="ms">So long, or until the way is shut.</param>
    /// <param name="isIdle">Until somebody waits, at the longest.</param>
    private async Task PauseAsync(LoopSignal changed, int ms, bool isIdle)
    {
        TimerWheel timers = session.Loop.Timers;
        long dueMs = session.Loop.NowMs + ms;
        long generation = session.Gate.View.Generation;
        var due = new LoopTimer(static signal => ((LoopSignal)signal).Set(), changed);
        timers.Arm(due, dueMs);
        while (session.Loop.NowMs < dueMs && MayConnect && session.Gate.View.Generation == generation
            && !(isIdle && session.IsWaitedFor) && !session.IsEnded)
        {
            await changed.WaitAsync();
        }

        timers.Disarm(due);
    }

    private async Task ConnectInTurnAsync(LoopSignal changed)
    {
        _isGranted = limiter.TryEnter(session);
        while (!_isGranted && !session.IsEnded)
        {
            await changed.WaitAsync();
        }

        // The gate may have shut while the session stood in line.
        if (IsLinkWanted() && await BackendConnector.OpenAsync(session, this) is { } link)
        {
            session.Attach(link);
        }

        if (_isGranted)
        {
            _isGranted = false;
            limiter.Release();
        }
    }

    private void DropLink(BackendLink link)
    {
        if (link.IsMidReply && !link.IsRejecting)
        {
            session.End(EndCause.TornReply, abort: true);
            return;
        }

        PinReason pin = Settlement.Settle(session, link);
        if (pin != PinReason.None)
        {
            session.Counters.Pinned[(int)pin]++;
            session.End(EndCause.Pinned);
            return;
        }

        session.HasWrittenBefore |= link.HasWritten;
        session.OwesInvalidation |= session.State.IsTracking;
        session.Detach();
    }

    private void OnLinkLost(BackendLink link, SuspicionReason reason)
    {
        bool wasFruitless = !link.HasReplied && session.Loop.NowMs - link.OpenedAtMs < MaxPauseMs;
        _fruitlessAttempts = wasFruitless ? _fruitlessAttempts + 1 : 0;
        _fruitlessGeneration = link.Generation;
        Suspect(reason);
    }

    // No further link before somebody has looked at the master again.
    private void Suspect(SuspicionReason reason) => _suspicion = session.Gate.Suspect(reason);
}
