using System.Diagnostics;
using System.Net;

using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// One listener on one loop: makes a session of every accepted connection and keeps account of them until each has ended. A client that
/// comes while there is no master is accepted and held like any other.
/// </summary>
internal sealed class SessionListener
{
    private readonly EventLoop _loop;
    private readonly ConnectLimiter _limiter;
    private readonly Admission _admission;
    private readonly GradualEnd _ending;
    private readonly AuthenticationDeadline _deadline;
    private readonly UnansweredClients _unanswered;
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
        var rebalancer = new Rebalancer(gate);
        gate.OnApplied = rebalancer.ArmIfSeveral;
    }

    public Gate Gate { get; }

    public SessionSettings Settings => _settings;

    public SessionCounters Counters { get; } = new();

    /// <inheritdoc cref="Admission.OnRefused"/>
    public Action<IPEndPoint?, string> OnRefused { get; init; } = static (_, _) => { };

    /// <summary>One for each address, stopped ones included; none when another loop accepts for this one (unix sockets).</summary>
    public IReadOnlyList<LoopListener> Acceptors => Volatile.Read(ref _acceptors);

    /// <summary>Ends after <see cref="Stop"/>, when the last session has ended.</summary>
    public Task Drained => _drained.Task;

    /// <summary>Accepts on a listening descriptor until <see cref="Stop"/>. On the loop's thread.</summary>
    /// <param name="socket">Registered on this loop.</param>
    /// <param name="onAccepted">Gets the descriptors; <see cref="Accept"/> of this or another loop's listener.</param>
    /// <param name="onShortage">Gets the error number when descriptors or memory are short.</param>
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

    /// <summary>Accepts who has come so far, and nobody else.</summary>
    /// <param name="keep">The last acceptors, which go on.</param>
    public void StopAccepting(int keep = 0)
    {
        foreach (LoopListener acceptor in _acceptors.SkipLast(keep))
        {
            acceptor.Stop();
        }
    }

    /// <summary>Accepts no more; sessions end one after the other, each as soon as nothing of its is pending.</summary>
    /// <param name="spreadMs">See <see cref="GradualEnd.Begin"/>.</param>
    public void Stop(long spreadMs = 0)
    {
        StopAccepting();
        _admission.Stop();
        _ending.Begin(Gate.Sessions, spreadMs);
        CompleteWhenDrained();
    }

    /// <summary>Requests in flight now, where many may stand for one. On the loop's thread.</summary>
    public int CountInFlight() => Gate.Sessions.Sum(static session => session.Link?.InFlight.Count ?? 0);

    /// <summary>
    /// Counts what is pending now. Only when somebody asks: to keep account of it with every request would cost more than it tells.
    /// On the loop's thread.
    /// </summary>
    public void CountPending()
    {
        Debug.Assert(_loop.IsCurrent, "sessions belong to their loop");
        long inFlight = 0;
        long held = 0;
        Span<long> pinned = stackalloc long[Counters.PinnedNow.Length];
        pinned.Clear();
        foreach (Session session in Gate.Sessions)
        {
            if (!session.IsEnded)
            {
                inFlight += session.Link?.InFlight.Requests ?? 0;
                held += session.Pipeline.Waiting.Requests;
                pinned[(int)session.State.Pin]++;
            }
        }

        Counters.InFlight = inFlight;
        Counters.Held = held;
        pinned.CopyTo(Counters.PinnedNow);
    }

    /// <summary>
    /// The options have changed: new sessions and those that are there go by them. What a session was opened with for its state (the
    /// memory for its transaction, what becomes of its subscriptions) it keeps.
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

    /// <summary>After <see cref="Stop"/>, before it accepts anew. Sessions whose turn to end has come go on to end.</summary>
    public void Reopen()
    {
        _ending.Cancel();
        _admission.Reopen();
        _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Ends one session.</summary>
    /// <returns>Whose it was, for the log; null: it is not among these.</returns>
    public string? Kill(long id)
    {
        Session? session = Gate.Sessions.FirstOrDefault(session => session.Id == id && !session.IsEnded);
        session?.End(EndCause.Killed);
        return session is null ? null : SessionSnapshot.ClientOf(session);
    }

    /// <summary>Ends what is left: in order what is quiescent, with RST what owes its client a reply.</summary>
    public void EndAll()
    {
        foreach (Session session in Gate.Sessions.ToArray())
        {
            session.End(EndCause.Shutdown, abort: !session.IsQuiescent);
        }
    }

    private void Serve(LoopSocket client, Action onFinished)
    {
        new Session(client, Gate, _limiter, _settings, Counters).Start(onFinished);
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
