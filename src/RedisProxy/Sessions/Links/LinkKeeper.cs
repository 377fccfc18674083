using RedisProxy.EventLoops;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// Sees to it that its session has a link whenever there is a master to link to: waits until somebody has looked at the master since the
/// last one was lost, waits for its turn, connects. It never tries in a circle: after every failure it waits for a new look.
/// </summary>
internal sealed class LinkKeeper(Session session, ConnectLimiter limiter) : ILinkSeeker
{
    /// <summary>Idle sessions wait for a random part of this, so that proxies which saw the same failover do not connect as one.</summary>
    private const int MaxJitterMs = 100;

    private Step _step;
    private bool _isScheduled;
    private bool _isGranted;
    private bool _isSeeking;
    private ConnectBackoff _backoff;
    private long _suspicion;
    private LinkPause? _pause;
    private LinkAttempt? _attempt;

    private enum Step : byte
    {
        /// <summary>There is a link, or none can be had.</summary>
        Resting,
        Pausing,
        AwaitingPermit,
        Connecting,
    }

    /// <summary>There is a master, and it was looked at since this session last had a reason to doubt it.</summary>
    public bool MayConnect => session.Gate.View.IsServing && session.Gate.View.CoversSuspicion >= _suspicion;

    /// <summary>It is getting a link, or about to look whether one is needed.</summary>
    public bool IsBusy => _step != Step.Resting || _isScheduled;

    /// <summary>
    /// More sessions want a link than may connect at once. The kernel completes connections that the server has not accepted yet, up to
    /// its backlog, and makes the next ones wait for a second; so in a crowd a connection has its place in line until the server has said
    /// something, or has said nothing for as long as a connection may take.
    /// </summary>
    public bool IsContended => limiter.IsContended;

    bool ILinkSeeker.IsEnded => session.IsEnded;

    bool ILinkSeeker.IsUrgent => session.IsWaitedFor;

    private bool IsLinkWanted => !session.IsEnded && session.Link is null && MayConnect && session.Access is not { IsLockedOut: true };

    /// <summary>The gate, the link or the end of the session has changed.</summary>
    public void Wake()
    {
        if (_step == Step.Connecting && _attempt!.IsHopeless)
        {
            _attempt.Cancel();
        }
        else if (_step != Step.Connecting && !_isScheduled && (IsBusy || (!session.IsEnded && session.Link is null)))
        {
            // Not now: when a view is applied, all sessions are fenced before any of them connects.
            _isScheduled = true;
            Seek(true);
            session.Loop.Defer(Session.ResumeKeeper, session);
        }
    }

    /// <summary>The limiter gives this session its turn.</summary>
    public void OnPermit()
    {
        _isGranted = true;
        Wake();
    }

    /// <summary>Goes on as far as it can. What it then waits for runs it again.</summary>
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

        _backoff.OnLost(link, session.Loop.NowMs);
        Suspect(reason);
        link.Socket.Close();
        DropLink(link);
    }

    /// <summary>A new generation was announced. An older link is given up at once; of what it has said, only refusals count.</summary>
    public void FenceIfSuperseded()
    {
        if (session.Link is { } link && !session.Gate.View.IsCurrent(link.Generation))
        {
            HearLastWords(link);
            GiveUpLink(link);
        }
    }

    /// <summary>
    /// The link's master is doubted, so nothing that it says is relayed. To its end: what it said last may be thrown away with it.
    /// </summary>
    /// <returns>False: runs the reply pump again when it has come to that.</returns>
    public bool TryDoubt(BackendLink link)
    {
        if (!link.Socket.IsPeerClosed)
        {
            return link.Socket.IsWokenOr(Session.ResumeReplies, session);
        }

        HearLastWords(link);
        LoseLink(link, SuspicionReason.ConnectionLost);
        return true;
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

    /// <returns>False: there is something to wait for, or nothing to do.</returns>
    private bool TryStep() => _step switch
    {
        Step.Resting => IsLinkWanted && BeginPause(),
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
            _step = Step.Resting;
            return true;
        }

        _isGranted = limiter.TryEnter(this);
        _step = Step.AwaitingPermit;
        return true;
    }

    private bool TryConnect()
    {
        if (!_isGranted && !session.IsEnded)
        {
            return false;
        }

        // The gate may have shut while the session stood in line.
        _attempt = IsLinkWanted ? LinkAttempt.Begin(session) : null;
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
        YieldPlace();
    }

    /// <summary>The attempt goes on, and another session may begin its own.</summary>
    public void YieldPlace()
    {
        if (_isGranted)
        {
            _isGranted = false;
            limiter.Release();
        }
    }

    // What it has said and nobody has relayed still counts where it proves something.
    private void HearLastWords(BackendLink link)
    {
        if (SupersededReplies.AreOfUse(session, link))
        {
            Slab said = session.Replies.Reader.CopyUnread(link, out int scanned);
            SupersededReplies.Hear(session, link, said, scanned);
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

    // No further link before somebody has looked at the master again.
    private void Suspect(SuspicionReason reason) => _suspicion = session.Gate.Suspect(reason);
}
