using RedisProxy.EventLoops;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// Keeps its session linked whenever there is a master: waits until the master was checked again after the last loss, waits for a permit,
/// connects. It never retries on its own: after every failure it waits for a new check.
/// </summary>
internal sealed class LinkKeeper(Session session, ConnectLimiter limiter) : ILinkSeeker
{
    /// <summary>Idle sessions wait for a random part of this, so that proxies do not all connect at once after a failover.</summary>
    private const int MaxJitterMs = 100;

    private Step _step;
    private bool _isScheduled, _hasPermit, _isSeeking;
    private ConnectBackoff _backoff;
    private long _suspicion;
    private LinkPause? _pause;
    private LinkAttempt? _attempt;

    private enum Step : byte
    {
        /// <summary>There is a link, or none is available.</summary>
        Resting,
        Pausing,
        AwaitingPermit,
        Connecting,
    }

    /// <summary>There is a master, and it was checked since this session last had a reason to doubt it.</summary>
    public bool MayConnect =>
        session.Gate.View.IsServing && session.Gate.View.CoversSuspicion >= Math.Max(_suspicion, session.Sharing?.Suspicion ?? 0);

    /// <summary>It is getting a link, or about to check whether one is needed.</summary>
    public bool IsBusy => _step != Step.Resting || _isScheduled;

    /// <summary>
    /// More sessions want a link than may connect at once. The kernel completes connections that the server has not accepted yet, up to
    /// its backlog, and delays further ones by a second; so under contention a connection keeps its permit until the server has replied, or
    /// has been silent for as long as a connect may take.
    /// </summary>
    public bool IsContended => limiter.IsContended;

    bool ILinkSeeker.IsEnded => session.IsEnded;

    bool ILinkSeeker.IsUrgent => session.IsWaitedFor;

    private bool IsLinkWanted => !session.IsEnded && session.Link is null && MayConnect && session.Access is not { IsLockedOut: true }
        && session.Sharing is not { NeedsNone: true };

    /// <summary>The gate, the link or the end of the session has changed.</summary>
    public void Wake()
    {
        if (_step == Step.Connecting && _attempt!.IsHopeless)
        {
            _attempt.Cancel();
        }
        else if (_step != Step.Connecting && !_isScheduled && (IsBusy || (!session.IsEnded && session.Link is null)))
        {
            // Deferred: when a view is applied, all sessions are fenced before any of them connects.
            _isScheduled = true;
            Seek(true);
            session.Loop.Defer(Session.ResumeKeeper, session);
        }
    }

    /// <summary>The limiter has granted this session its permit.</summary>
    public void OnPermit()
    {
        _hasPermit = true;
        Wake();
    }

    /// <summary>Runs as far as it can. Whatever it then waits for runs it again.</summary>
    public void Run()
    {
        _isScheduled = false;
        try
        {
            while (TryStep())
            {
            }
        }
        catch (Exception error)
        {
            session.Fail(error);
            ReleasePermit();
        }

        Seek(IsBusy);
        session.UpdatePhase();
        session.FinishIfDone();
    }

    /// <summary>The link is useless: it ended, broke, or refuses. Settles its requests and gets another link.</summary>
    public void LoseLink(BackendLink link, SuspicionReason reason)
    {
        if (link != session.Link)
        {
            return;
        }

        session.Counters.BackendsLost += link.IsShared ? 0 : 1;
        if (session.IsFinForwarded)
        {
            session.End(EndCause.ClientClosed);
            return;
        }

        _backoff.OnLost(link, session.Loop.NowMs);
        Suspect(reason);
        link.Close();
        DropLink(link);
    }

    /// <summary>Drops a link of an older generation at once; of its unread replies, only rejections count.</summary>
    public void FenceIfSuperseded()
    {
        if (session.Link is { } link && !session.Gate.View.IsCurrent(link.Generation))
        {
            ReadSupersededReplies(link);
            GiveUpLink(link);
        }
    }

    /// <summary>
    /// Its master is doubtful, or replicas may lack what it acknowledges: nothing is relayed, and the link's end may discard it.
    /// </summary>
    /// <returns>False: it waits, and the reply pump runs again at the latest when the peer has closed.</returns>
    public bool TryDoubt(BackendLink link)
    {
        if (!link.IsPeerClosed || (session.Gate.View.IsTrusted && (link.EndsByQuit || session.IsFinForwarded)))
        {
            return link.IsWokenOr(Session.ResumeReplies, session);
        }

        ReadSupersededReplies(link);
        LoseLink(link, SuspicionReason.ConnectionLost);
        return true;
    }

    /// <summary>The session cannot go on with this link, although nothing is wrong with it.</summary>
    public void GiveUpLink(BackendLink link)
    {
        link.Close(abort: true);
        DropLink(link);
    }

    public void OnConnectFailed()
    {
        session.Counters.RetargetsFailed++;
        Suspect(SuspicionReason.ConnectFailed);
    }

    /// <returns>False: it waits for something, or has nothing to do.</returns>
    private bool TryStep() => _step switch
    {
        Step.Resting => IsLinkWanted && session.Sharing?.MayConnect() != false && BeginPause(),
        Step.Pausing => TryEndPause(),
        Step.AwaitingPermit => TryConnect(),
        _ => TryFinishConnect(),
    };

    private bool BeginPause()
    {
        session.UpdatePhase();
        bool isIdle = !session.IsWaitedFor;
        int pauseMs = _backoff.PauseMs(session.Gate.View);
        if (isIdle || pauseMs > 0)
        {
            _pause = new LinkPause(session, session.Gate, pauseMs + session.Loop.Random.Next(MaxJitterMs), isIdle);
        }

        _step = Step.Pausing;
        return true;
    }

    private bool TryEndPause()
    {
        if (_pause is { } pause && IsLinkWanted && !pause.IsOverFor(session.IsWaitedFor))
        {
            return false;
        }

        _pause?.End();
        _pause = null;
        if (!IsLinkWanted)
        {
            ReleasePermit();
            return true;
        }

        _hasPermit = limiter.TryEnter(this);
        _step = Step.AwaitingPermit;
        return true;
    }

    private bool TryConnect()
    {
        if (!_hasPermit && !session.IsEnded)
        {
            return false;
        }

        // The gate may have been shut while the session was queued, or another session may have connected for both.
        LinkNeed need = default;
        _attempt = IsLinkWanted && session.Sharing?.MayBegin(out need) != false ? LinkAttempt.Begin(session, need) : null;
        if (_attempt is null)
        {
            ReleasePermit();
            return true;
        }

        _step = Step.Connecting;
        return true;
    }

    private bool TryFinishConnect()
    {
        if (!_attempt!.TryFinish(out BackendLink? link))
        {
            return false;
        }

        _attempt = null;
        if (link is not null)
        {
            session.Attach(link);
            session.Counters.RetargetsDone++;
        }

        ReleasePermit();
        return true;
    }

    private void Seek(bool isSeeking)
    {
        limiter.Seekers += isSeeking == _isSeeking ? 0 : isSeeking ? 1 : -1;
        _isSeeking = isSeeking;
    }

    private void ReleasePermit()
    {
        _step = Step.Resting;
        session.Sharing?.EndBuilding();
        YieldPermit();
    }

    /// <summary>The attempt continues, and another session may begin its own.</summary>
    public void YieldPermit()
    {
        if (_hasPermit)
        {
            _hasPermit = false;
            limiter.Release();
        }
    }

    // Unread replies still count where they prove something.
    private void ReadSupersededReplies(BackendLink link)
    {
        if (SupersededReplies.AreOfUse(session, link))
        {
            Slab said = session.Replies.Reader.CopyUnread(link, out int scanned);
            SupersededReplies.Read(session, link, said, scanned);
            session.Loop.Slabs.Return(said);
        }
    }

    private void DropLink(BackendLink link)
    {
        if (link.IsTorn)
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

        if (session.Pipeline.Losses.IsTooHigh)
        {
            session.End(EndCause.LostAgain);
        }

        session.HasWrittenBefore |= link.HasWritten;
        session.OwesInvalidation |= session.State.IsTracking;
        session.Detach();
    }

    // No further link before the master was checked again.
    private void Suspect(SuspicionReason reason) =>
        _suspicion = session.Sharing?.Suspect(reason, _suspicion) ?? session.Gate.Suspect(reason);
}
