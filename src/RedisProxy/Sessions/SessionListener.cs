using System.Diagnostics;

using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// One listener on one loop: makes a session of every accepted connection and keeps account of them until each has ended. A client that
/// comes while there is no master is accepted and held like any other.
/// </summary>
internal sealed class SessionListener
{
    // So many refused clients get time to read why; a flood of them must not take the descriptors that sessions need.
    private const int MaxLingeringRefusals = 32;

    private readonly EventLoop _loop;
    private readonly ConnectLimiter _limiter;
    private readonly SessionQuota _quota;
    private readonly GradualEnd _ending;
    private readonly Action _onSessionFinished;
    private TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SessionSettings _settings;
    private LoopListener[] _acceptors = [];
    private int _running;
    private int _lingeringRefusals;
    private bool _isStopping;

    public SessionListener(EventLoop loop, Gate gate, ConnectLimiter limiter, SessionSettings settings, SessionQuota quota)
    {
        _loop = loop;
        _limiter = limiter;
        _settings = settings;
        _quota = quota;
        _onSessionFinished = OnSessionFinished;
        _ending = new GradualEnd(loop);
        Gate = gate;
    }

    public Gate Gate { get; }

    public SessionSettings Settings => _settings;

    public SessionCounters Counters { get; } = new();

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

        if (_isStopping)
        {
            client.Close();
        }
        else if (_quota.TryEnter())
        {
            _running++;
            new Session(client, Gate, _limiter, _settings, Counters).Start(_onSessionFinished);
        }
        else
        {
            Counters.RefusedTooMany++;
            _ = RefuseAsync(client);
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
        _isStopping = true;
        _ending.Begin(Gate.Sessions, spreadMs);
        CompleteWhenDrained();
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
        _isStopping = false;
        _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Ends one session. False: it is not among these.</summary>
    public bool Kill(long id)
    {
        Session? session = Gate.Sessions.FirstOrDefault(session => session.Id == id && !session.IsEnded);
        session?.End(EndCause.Killed);
        return session is not null;
    }

    /// <summary>Ends what is left: in order what is quiescent, with RST what owes its client a reply.</summary>
    public void EndAll()
    {
        foreach (Session session in Gate.Sessions.ToArray())
        {
            session.End(EndCause.Shutdown, abort: !session.IsQuiescent);
        }
    }

    private void OnSessionFinished()
    {
        _quota.Leave();
        _running--;
        CompleteWhenDrained();
    }

    private async Task RefuseAsync(LoopSocket client)
    {
        SendRefusal(client);
        if (_lingeringRefusals == MaxLingeringRefusals)
        {
            client.Close();
            return;
        }

        _lingeringRefusals++;
        client.ShutdownWrite();
        await LingeringClose.RunAsync(client);
        _lingeringRefusals--;
    }

    private static unsafe void SendRefusal(LoopSocket client)
    {
        fixed (byte* text = SyntheticReplies.TooManyClients)
        {
            _ = client.TrySend(text, SyntheticReplies.TooManyClients.Length);
        }
    }

    private void CompleteWhenDrained()
    {
        if (_isStopping && _running == 0)
        {
            _drained.TrySetResult();
        }
    }
}
