using System.Diagnostics;
using System.Net;

using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// One listener on one loop: creates a session for every accepted connection and tracks it until it has ended. A client that
/// connects while there is no master is accepted and held like any other.
/// </summary>
internal sealed class SessionListener
{
    private readonly EventLoop _loop;
    private readonly ConnectLimiter _limiter;
    private readonly Admission _admission;
    private readonly GradualEnd _ending;
    private readonly AuthenticationDeadline _deadline;
    private readonly UnansweredClients _unanswered;
    private readonly SharedLinks? _links;
    private readonly Confirmations? _confirmations;
    private TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SessionSettings _settings;
    private LoopListener[] _acceptors = [];

    public SessionListener(EventLoop loop, Gate gate, ConnectLimiter limiter, SessionSettings settings, SessionQuota quota)
    {
        _loop = loop;
        _limiter = limiter;
        _settings = settings;
        _admission = new Admission(loop, quota, settings, Counters)
        {
            Serve = Serve,
            OnRefused = (client, reason) => OnRefused(client, reason),
            OnLeft = CompleteWhenDrained,
        };
        _ending = new GradualEnd(loop);
        _deadline = new AuthenticationDeadline(gate, () => _settings.AuthenticationTimeoutMs);
        _unanswered = new UnansweredClients(gate);
        Gate = gate;
        _links = settings.SharedLinks == 0 ? null : new SharedLinks(gate, settings.SharedLinks);
        _confirmations = settings.Durable is null ? null : new Confirmations(gate, settings, Counters);
        Moves = new SessionMoves(gate);
        Arrivals = new SessionArrivals(gate, _admission, Moves) { Settings = () => _settings, Create = Create, Start = Start };
        var rebalancer = new Rebalancer(gate);
        gate.OnApplied = rebalancer.ArmIfSeveral;
    }

    public Gate Gate { get; }

    public SessionSettings Settings => _settings;

    public SessionCounters Counters { get; } = new();

    /// <inheritdoc cref="Admission.OnRefused"/>
    public Action<IPEndPoint?, string> OnRefused { get; init; } = static (_, _) => { };

    /// <summary>One per address, including stopped ones; none if another loop accepts for this one (unix sockets).</summary>
    public IReadOnlyList<LoopListener> Acceptors => Volatile.Read(ref _acceptors);

    /// <summary>Completes after <see cref="Stop"/>, when the last session has ended.</summary>
    public Task Drained => _drained.Task;

    /// <summary>Accepts on a listening descriptor until <see cref="Stop"/>. On the loop's thread.</summary>
    /// <param name="socket">Registered on this loop.</param>
    /// <param name="onAccepted">Receives the descriptors; <see cref="Accept"/> of this or another loop's listener.</param>
    /// <param name="onShortage">Receives the error number when descriptors or memory are short.</param>
    public Task ListenAsync(LoopSocket socket, Action<int> onAccepted, Action<int> onShortage)
    {
        Debug.Assert(_loop.IsCurrent, "a listener belongs to its loop");
        var acceptor = new LoopListener(socket, onAccepted) { OnResourceShortage = onShortage };
        Volatile.Write(ref _acceptors, [.. _acceptors, acceptor]);
        return acceptor.RunAsync();
    }

    /// <summary>Takes over an accepted connection.</summary>
    public void Accept(int fd)
    {
        Debug.Assert(_loop.IsCurrent, "a session belongs to its loop");
        Counters.Accepted++;
        LoopSocket? client = Sockets.Adopt(_loop, fd);
        if (client is null)
        {
            return;
        }

        if (_admission.IsStopping)
        {
            client.Close();
        }
        else
        {
            _admission.Begin(client, _settings);
        }
    }

    /// <summary>The sessions that can go to another process.</summary>
    public SessionMoves Moves { get; }

    /// <summary>The sessions that come from another process.</summary>
    public SessionArrivals Arrivals { get; }

    /// <summary>Accepts the connections queued so far, and no more.</summary>
    /// <param name="keep">Number of most recent acceptors that go on.</param>
    public void StopAccepting(int keep = 0)
    {
        foreach (LoopListener acceptor in _acceptors.SkipLast(keep))
        {
            acceptor.Stop();
        }
    }

    /// <summary>Stops accepting; sessions end one after the other, each as soon as nothing of its is pending.</summary>
    /// <param name="spreadMs">See <see cref="GradualEnd.Begin"/>.</param>
    /// <param name="move">See <see cref="GradualEnd.Begin"/>.</param>
    public void Stop(long spreadMs = 0, HandoffMove? move = null)
    {
        StopAccepting();
        _admission.Stop();
        _ending.Begin(Gate.Sessions, spreadMs, move);
        CompleteWhenDrained();
    }

    /// <summary>Requests in flight now; one entry may stand for many. On the loop's thread.</summary>
    public int CountInFlight() => Gate.Sessions.Sum(static session => session.Link?.InFlight.Count ?? 0);

    /// <summary>
    /// Counts what is pending now. Only on demand: counting with every request would cost more than it is worth. On the loop's thread.
    /// </summary>
    public void CountPending()
    {
        Debug.Assert(_loop.IsCurrent, "sessions belong to their loop");
        long inFlight = 0;
        long held = 0;
        long handoffs = 0;
        Span<long> pinned = stackalloc long[Counters.PinnedNow.Length];
        pinned.Clear();
        foreach (Session session in Gate.Sessions)
        {
            if (!session.IsEnded)
            {
                inFlight += session.Link?.InFlight.Requests ?? 0;
                held += session.Pipeline.Waiting.Requests;
                handoffs += session.State.Handoffs is null ? 0 : 1;
                pinned[(int)session.State.Pin]++;
            }
        }

        Counters.InFlight = inFlight;
        Counters.Held = held;
        Counters.HandoffSessions = handoffs;
        pinned.CopyTo(Counters.PinnedNow);
        CountLinks();
    }

    /// <summary>Counts links that sessions share, and sessions by the kind of theirs. On demand and on the loop's thread, too.</summary>
    public void CountLinks()
    {
        Debug.Assert(_loop.IsCurrent, "links belong to their loop");
        if (_links is null)
        {
            return;
        }

        long shared = 0;
        long sharing = 0;
        long queued = 0;
        long owed = 0;
        foreach (SharedLink link in _links.All)
        {
            shared++;
            sharing += link.Lanes;
            queued += link.Queued;
            owed += link.Owed;
        }

        // Of the links, not of the sessions: there are far fewer, and whoever looks at the page asks every second.
        long dedicated = _links.Dedicated;
        long alive = Counters.Phases.Sum() - Counters.Phases[(int)SessionPhase.Ended];
        Counters.LinkQueued = queued;
        Counters.LinkOwed = owed;
        Counters.LinksNow[(int)LinkKind.Shared] = shared;
        Counters.LinksNow[(int)LinkKind.Dedicated] = dedicated;
        Counters.LinksNow[(int)LinkKind.Kept] = _links.Kept;
        Counters.LinkSessions[(int)LinkKind.None] = Math.Max(0, alive - sharing - dedicated);
        Counters.LinkSessions[(int)LinkKind.Shared] = sharing;
        Counters.LinkSessions[(int)LinkKind.Dedicated] = dedicated;
    }

    /// <summary>
    /// Applies changed options to new and existing sessions. An existing session keeps those that belong to its state: the memory for its
    /// transaction, what becomes of its subscriptions.
    /// </summary>
    public void Reconfigure(SessionSettings settings, long maxOutageMs)
    {
        _settings = settings;
        Gate.MaxOutageMs = maxOutageMs;
        foreach (Session session in Gate.Sessions)
        {
            session.Settings = settings;
        }
    }

    /// <summary>After <see cref="Stop"/>, before it accepts again. Sessions whose turn to end has come still end.</summary>
    public void Reopen()
    {
        _ending.Cancel();
        _admission.Reopen();
        _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Ends one session.</summary>
    /// <returns>The client's address, for the log; null: no such session here.</returns>
    public string? Kill(long id)
    {
        Session? session = Gate.Sessions.FirstOrDefault(session => session.Id == id && !session.IsEnded);
        session?.End(EndCause.Killed);
        return session is null ? null : SessionSnapshot.ClientOf(session);
    }

    /// <summary>Ends the remaining sessions: orderly if quiescent, with RST if the client is owed a reply.</summary>
    public void EndAll()
    {
        foreach (Session session in Gate.Sessions.ToArray())
        {
            session.End(EndCause.Shutdown, abort: !session.IsQuiescent);
        }
    }

    private void Serve(LoopSocket client, Action onFinished) => Start(Create(client), onFinished);

    private Session Create(LoopSocket client) =>
        new(client, Gate, _limiter, _settings, Counters, _links) { Confirmations = _confirmations };

    private void Start(Session session, Action onFinished)
    {
        session.Start(onFinished);
        _deadline.Begin();
        _unanswered.Begin();
    }

    private void CompleteWhenDrained()
    {
        if (_admission.IsStopping && _admission.Places == 0)
        {
            _drained.TrySetResult();
        }
    }
}
