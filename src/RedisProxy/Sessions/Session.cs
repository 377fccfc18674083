using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// One client and its successive backends. The client's socket lives as long as the session; the backend link behind it is
/// replaced whenever its master is lost or superseded.<para>
/// Three parts share the work. <see cref="RequestPump"/> alone receives from the client and sends to the backend. <see cref="ReplyPump"/>
/// alone receives from the backend and sends to the client. <see cref="LinkKeeper"/> alone gets links. All run on the session's loop, each
/// from one wait to its next. The pumps are not async methods: those take more memory than the rest of an idle session.</para>
/// </summary>
internal sealed class Session : Conversation, IGateUser
{
    /// <summary>Callbacks for the waits of the parts, with the session as state: each resumes the part that waited.</summary>
    public static readonly Action<object?> ResumeRequests = static session => ((Session)session!).Run(Parts.Requests);
    public static readonly Action<object?> ResumeReplies = static session => ((Session)session!).Run(Parts.Replies);
    public static readonly Action<object?> ResumeKeeper = static session => ((Session)session!).Keeper.Run();

    private Action? _onFinished;
    private Parts _ended;
    private bool _endsWhenQuiescent;

    // Without links, every session has one of its own.
    public Session(
        LoopSocket client, Gate gate, ConnectLimiter limiter, SessionSettings settings, SessionCounters counters, SharedLinks? links = null)
        : base(gate, settings, counters, takesTurns: links is not null)
    {
        Sharing = links is null ? null : new LinkSharing(this, links);
        Client = client;
        StartedAtMs = client.Loop.NowMs;
        Keeper = new LinkKeeper(this, limiter);
        Requests = new RequestPump(this);
        Replies = new ReplyPump(this);
        counters.Phases[(int)Phase]++;
    }

    [Flags]
    private enum Parts : byte { Requests = 1, Replies = 2 }

    public LoopSocket Client { get; }

    public override long Id => Client.Version;

    public override System.Net.IPEndPoint? PeerAddress => Client.PeerAddress;

    public long StartedAtMs { get; set; }

    /// <summary>Null: it always has a link of its own.</summary>
    public LinkSharing? Sharing { get; }

    public LinkKeeper Keeper { get; }

    public RequestPump Requests { get; }

    public ReplyPump Replies { get; }

    public SessionPhase Phase { get; private set; } = SessionPhase.Opening;

    /// <summary>The first cause; <see cref="EndCause.None"/> while the session is alive.</summary>
    public EndCause EndCause { get; private set; }

    public override bool IsEnded => EndCause != EndCause.None;

    /// <summary>The client has sent FIN. Its replies still go out.</summary>
    public bool IsClientFinished { get; private set; }

    /// <summary>The client's FIN was passed on, so the backend's FIN ends the session.</summary>
    public bool IsFinForwarded { get; set; }

    /// <summary>The request pump does not wait for input; a change of what it waits for must wake it.</summary>
    public bool IsInputStalled { get; set; }

    /// <summary>
    /// The client waits for something, so this session goes before idle ones. One that subscribed waits for messages, and misses those that
    /// others publish before it has subscribed again.
    /// </summary>
    public bool IsWaitedFor => !Pipeline.Waiting.IsEmpty || Phase == SessionPhase.Opening || State.IsSubscribed;

    /// <summary>Nothing is in flight or waiting, and both sides are between two messages.</summary>
    public bool IsQuiescent => Pipeline.Count == 0 && !Replies.IsRelaying && Requests.IsAtBoundary && !Pipeline.IsRaw;

    /// <param name="onFinished">Runs once, after the session has ended and released everything.</param>
    public void Start(Action onFinished)
    {
        _onFinished = onFinished;
        Gate.Add(this);
        UpdatePhase();
        Run(Parts.Requests);
        Run(Parts.Replies);
        Keeper.Wake();
    }

    /// <summary>A fault in a session ends that session only.</summary>
    public void Fail(Exception error)
    {
        Gate.Report(error);
        End(EndCause.InternalError, abort: true);
    }

    /// <summary>A part has ended. After the last one, nothing more can happen to the session.</summary>
    public void FinishIfDone()
    {
        if (_ended == (Parts.Requests | Parts.Replies) && !Keeper.IsBusy && _onFinished is { } onFinished)
        {
            _onFinished = null;
            Pipeline.Clear();
            _ = FinishAsync(onFinished);
        }
    }

    public override void WakeRequests()
    {
        if (!IsEnded)
        {
            Client.WakeReader();
        }
    }

    public override void WakeReplies() => Replies.Wake();

    protected override bool TryReviewLink() => Sharing?.Review() == true;

    public override void WakeKeeper() => Keeper.Wake();

    public override void OnExpired()
    {
        if (LocalTransactions.AfterExpiry(this))
        {
            Keeper.GiveUpLink(Link!);
        }

        Replies.Wake();
    }

    public void TakeRepliesInTime() => Replies.TakeRepliesInTime();

    public void FenceIfSuperseded() => Keeper.FenceIfSuperseded();

    public override bool HasUnreadReplies => Replies.Reader.HasUnread;

    public override void End(EndCause cause, bool abort = false)
    {
        if (IsEnded)
        {
            return;
        }

        EndCause = cause;
        UpdatePhase();
        Sharing?.OnDetached();
        Link?.Close();
        Link?.Target?.Leave();
        Pipeline.Link = null;
        if (abort || cause == EndCause.ClientReset)
        {
            Client.Abort();
        }
        else
        {
            // The pumps see the end; then the rest of the client's input is drained, so that the close does not become a reset.
            if (!IsClientFinished)
            {
                Client.ShutdownWrite();
            }

            Client.WakeReader();
            Client.WakeWriter();
        }

        Replies.Wake();
        Keeper.Wake();
    }

    /// <summary>Ends an idle session now, others as soon as nothing of theirs is pending.</summary>
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

    /// <summary>Ends the session if it has nothing more to do, or no client to do it for.</summary>
    private void EndIfFinished()
    {
        if (IsClientFinished && Pipeline.IsHeld)
        {
            // The client no longer waits for its held requests, and may have sent them elsewhere since.
            End(EndCause.ClientGaveUp);
        }
        else if (IsClientFinished && Pipeline.Count == 0 && !Replies.IsRelaying && !Pipeline.IsRaw)
        {
            End(EndCause.ClientClosed);
        }
        else if (_endsWhenQuiescent && IsQuiescent)
        {
            End(EndCause.Shutdown);
        }
    }

    /// <summary>The gate was opened or shut.</summary>
    public void OnGateChanged()
    {
        if (Link is { } link && !Gate.AllowsAll)
        {
            TakenBack.Unsent(this, link, begunToo: false);
        }

        EndIfFinished();
        UpdatePhase();
        WakeRequests();
        Replies.Wake();
        Keeper.Wake();
    }

    /// <summary>Replies were sent to the client.</summary>
    /// <param name="cause">Ends the session after these replies; <see cref="EndCause.None"/>: it goes on.</param>
    public void OnRelayed(EndCause cause)
    {
        if (cause != EndCause.None)
        {
            End(cause);
        }
        else if (IsInputStalled || (!Pipeline.Waiting.IsEmpty && Sharing is null))
        {
            WakeRequests();
        }

        Sharing?.AfterReplies();
        EndIfFinished();
    }

    private async Task FinishAsync(Action onFinished)
    {
        await LingeringClose.RunAsync(Client, isInputEnded: IsClientFinished);
        Gate.Remove(this);
        Counters.Phases[(int)SessionPhase.Ended]--;
        Counters.Ended[(int)EndCause]++;
        onFinished();
    }

    // The pump's next wait runs it again.
    private void Run(Parts pump)
    {
        bool isOver = true;
        try
        {
            isOver = pump == Parts.Requests ? Requests.Run() : Replies.Run();
        }
        catch (Exception error)
        {
            Fail(error);
        }

        if (isOver)
        {
            _ended |= pump;
            FinishIfDone();
        }
    }

    /// <summary>The only place where a session gets a link, of its own or a share of one.</summary>
    public override void Attach(BackendLink link)
    {
        Pipeline.Link = link;
        Sharing?.OnAttached(link);
        UpdatePhase();
        WakeRequests();
        Replies.Wake();
    }

    public override void Detach()
    {
        Sharing?.OnDetached();
        Link?.Target?.Leave();
        Pipeline.Link = null;
        UpdatePhase();
        WakeRequests();
        Replies.Wake();
        Keeper.Wake();
        EndIfFinished();
    }

    public void UpdatePhase()
    {
        SessionPhase phase = IsEnded
            ? SessionPhase.Ended
            : SessionPhases.Next(Phase, Link is not null || Sharing is { NeedsNone: true }, Gate.View.IsServing, Keeper.MayConnect);
        if (phase != Phase)
        {
            Counters.MovePhase(Phase, phase);
            Phase = phase;
        }
    }
}
