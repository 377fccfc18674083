using RedisProxy.EventLoops;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// One client and, one after the other, its backends. The client's socket lives as long as the session; the backend link behind it is
/// replaced whenever its master is lost or superseded.
/// <para>
/// Three async methods share the work, each with its own sockets to wait for. <see cref="RequestPump"/> alone receives from the client
/// and sends to the backend. <see cref="ReplyPump"/> alone receives from the backend and sends to the client, what the proxy answers
/// itself included. <see cref="LinkKeeper"/> alone gets links. All run on the session's loop, so between two awaits each has
/// everything to itself; after an await, each looks again at what it relies on.
/// </para>
/// </summary>
internal sealed class Session
{
    private readonly LinkKeeper _keeper;
    private readonly RequestPump _requests;
    private readonly ReplyPump _replies;
    private bool _endsWhenQuiescent;

    public Session(LoopSocket client, Gate gate, ConnectLimiter limiter, SessionSettings settings, SessionCounters counters)
    {
        Client = client;
        Gate = gate;
        Settings = settings;
        Counters = counters;
        State = new ConnectionState(settings);
        Pipeline = new Pipeline(this, gate);
        _keeper = new LinkKeeper(this, limiter);
        _requests = new RequestPump(this);
        _replies = new ReplyPump(this);
        counters.Phases[(int)Phase]++;
    }

    public LoopSocket Client { get; }

    public EventLoop Loop => Client.Loop;

    public Gate Gate { get; }

    public SessionSettings Settings { get; }

    public SessionCounters Counters { get; }

    public Pipeline Pipeline { get; }

    public ConnectionState State { get; }

    /// <summary>Null while there is none: before the first, and from the loss of one to the next.</summary>
    public BackendLink? Link { get; private set; }

    public SessionPhase Phase { get; private set; } = SessionPhase.Opening;

    /// <summary>The first cause; <see cref="EndCause.None"/> while the session lives.</summary>
    public EndCause EndCause { get; private set; }

    public bool IsEnded => EndCause != EndCause.None;

    /// <summary>The client has sent FIN. Its replies still go out.</summary>
    public bool IsClientFinished { get; private set; }

    /// <summary>That FIN was passed on, so the backend's own is the end of the session.</summary>
    public bool IsFinForwarded { get; set; }

    /// <summary>Something that may have written was sent to a link that is lost.</summary>
    public bool HasWrittenBefore { get; private set; }

    /// <summary>The client's cache must be emptied: what invalidated it went with the last link.</summary>
    public bool OwesInvalidation { get; set; }

    /// <summary>The request pump waits for something other than input; whoever changes what it waits for wakes it.</summary>
    public bool IsInputStalled { get; set; }

    /// <summary>A client waits for something, so this session is served before idle ones.</summary>
    public bool IsWaitedFor => !Pipeline.Waiting.IsEmpty || Phase == SessionPhase.Opening;

    /// <summary>Nothing is in flight or waits, and both sides are between two messages.</summary>
    public bool IsQuiescent => Pipeline.Count == 0 && _requests.IsAtBoundary && !Pipeline.IsRaw;

    /// <summary>Ends when the session has ended and all it held is given back. Does not throw.</summary>
    public async Task RunAsync()
    {
        Gate.Add(this);
        UpdatePhase();
        Task requests = Gate.GuardAsync(this, _requests.RunAsync());
        Task replies = Gate.GuardAsync(this, _replies.RunAsync());
        await Gate.GuardAsync(this, _keeper.RunAsync());
        await requests;
        await replies;
        Pipeline.Clear();
        await LingeringClose.RunAsync(Client);
        Gate.Remove(this);
        Counters.Phases[(int)SessionPhase.Ended]--;
        Counters.Ended[(int)EndCause]++;
    }

    public void WakeRequests()
    {
        if (!IsEnded)
        {
            Client.WakeReader();
        }
    }

    public void WakeReplies() => _replies.Wake();

    /// <summary>A client has begun to wait, or another thing that links depend on has changed.</summary>
    public void WakeKeeper() => _keeper.Wake();

    /// <summary>Its turn to connect has come, see <see cref="ConnectLimiter"/>.</summary>
    public void GrantConnect() => _keeper.Grant();

    /// <summary>The first cause wins; later ones change nothing.</summary>
    /// <param name="cause">Not <see cref="EndCause.None"/>.</param>
    /// <param name="abort">With RST: what was relayed last must not look whole.</param>
    public void End(EndCause cause, bool abort = false)
    {
        if (IsEnded)
        {
            return;
        }

        EndCause = cause;
        UpdatePhase();
        Link?.Socket.Close();
        Link = null;
        if (abort || cause == EndCause.ClientReset)
        {
            Client.Abort();
        }
        else
        {
            // Pumps see the end; then the rest of the client's input is drained, so that the close does not become a reset.
            Client.ShutdownWrite();
            Client.WakeReader();
            Client.WakeWriter();
        }

        _replies.Wake();
        _keeper.Wake();
    }

    /// <summary>A session that does nothing ends now, others as soon as nothing of theirs is pending.</summary>
    public void EndWhenQuiescent()
    {
        _endsWhenQuiescent = true;
        EndIfFinished();
    }

    /// <summary>The client has shut down its side.</summary>
    public void OnClientFinished()
    {
        IsClientFinished = true;
        EndIfFinished();
    }

    /// <summary>Has the session nothing more to do, or nobody to do it for?</summary>
    public void EndIfFinished()
    {
        if (IsClientFinished && !Gate.View.IsServing && !Pipeline.Waiting.IsEmpty)
        {
            // Nobody waits for what is held; whoever sent it may have sent it elsewhere since.
            End(EndCause.ClientGaveUp);
        }
        else if (IsClientFinished && Pipeline.Count == 0 && !Pipeline.IsRaw)
        {
            End(EndCause.ClientClosed);
        }
        else if (_endsWhenQuiescent && IsQuiescent)
        {
            End(EndCause.Shutdown);
        }
    }

    /// <summary>The link is of no use any more: it ended, broke, or refuses. What it owed is settled; another one is got.</summary>
    public void LoseLink(BackendLink link, SuspicionReason reason)
    {
        if (link != Link)
        {
            return;
        }

        Counters.BackendsLost++;
        if (IsFinForwarded)
        {
            End(EndCause.ClientClosed);
            return;
        }

        _keeper.OnLinkLost(link, reason);
        link.Socket.Close();
        DropLink(link);
    }

    /// <summary>A new generation was announced. An older link is given up at once, whatever it still says.</summary>
    public void FenceIfSuperseded()
    {
        if (Link is { } link && link.Generation < Gate.View.Generation)
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

    /// <summary>The way was opened or shut.</summary>
    public void OnGateChanged()
    {
        if (Link is { } link && !Gate.View.IsServing)
        {
            Pipeline.PullBack(link, begunToo: false);
        }

        EndIfFinished();
        UpdatePhase();
        WakeRequests();
        WakeReplies();
        _keeper.Wake();
    }

    /// <summary>Replies went out to the client.</summary>
    /// <param name="cause">They were the last ones, because of this; <see cref="EndCause.None"/> when they were not.</param>
    public void OnRelayed(EndCause cause)
    {
        if (cause != EndCause.None)
        {
            End(cause);
        }
        else if (IsInputStalled)
        {
            WakeRequests();
        }

        EndIfFinished();
    }

    private void DropLink(BackendLink link)
    {
        if (link.IsMidReply && !link.IsRejecting)
        {
            End(EndCause.TornReply, abort: true);
            return;
        }

        PinReason pin = Settlement.Settle(this, link);
        if (pin != PinReason.None)
        {
            Counters.Pinned[(int)pin]++;
            End(EndCause.Pinned);
            return;
        }

        HasWrittenBefore |= link.HasWritten;
        OwesInvalidation |= State.IsTracking;
        Link = null;
        UpdatePhase();
        WakeRequests();
        WakeReplies();
        _keeper.Wake();
        EndIfFinished();
    }

    /// <summary>The one place where a link becomes a session's: today each has one, and shares it with nobody.</summary>
    public void Attach(BackendLink link)
    {
        Link = link;
        Counters.RetargetsDone++;
        UpdatePhase();
        WakeRequests();
        _replies.Wake();
    }

    public void UpdatePhase()
    {
        SessionPhase phase = IsEnded
            ? SessionPhase.Ended
            : SessionPhases.Next(Phase, Link is not null, Gate.View.IsServing, _keeper.MayConnect);
        if (phase != Phase)
        {
            SessionPhases.AssertTransition(Phase, phase);
            Counters.Phases[(int)Phase]--;
            Counters.Phases[(int)phase]++;
            Phase = phase;
        }
    }
}
