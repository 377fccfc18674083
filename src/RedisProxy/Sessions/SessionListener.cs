using System.Diagnostics;
using System.Net;

using RedisProxy.EventLoops;
using RedisProxy.Tls;

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
    private readonly SessionSettings _settings;
    private readonly SessionQuota _quota;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action _onSessionFinished;
    private readonly ClientHandshakes? _handshakes;
    private LoopListener? _acceptor;
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
        _handshakes = settings.ClientTls is { } tls ? new ClientHandshakes(loop, tls, settings.MaxHandshakes) : null;
        Gate = gate;
    }

    public Gate Gate { get; }

    public SessionSettings Settings => _settings;

    public SessionCounters Counters { get; } = new();

    /// <summary>Gets clients that could not be secured, and why.</summary>
    public Action<IPEndPoint?, string> OnHandshakeFailed { get; init; } = static (_, _) => { };

    /// <summary>Null when another loop accepts for this one (unix sockets).</summary>
    public LoopListener? Acceptor => _acceptor;

    /// <summary>Ends after <see cref="Stop"/>, when the last session has ended.</summary>
    public Task Drained => _drained.Task;

    /// <summary>Accepts on a listening descriptor until <see cref="Stop"/>. On the loop's thread.</summary>
    /// <param name="socket">Registered on this loop.</param>
    /// <param name="onAccepted">Gets the descriptors; <see cref="Accept"/> of this or another loop's listener.</param>
    /// <param name="onShortage">Gets the error number when descriptors or memory are short.</param>
    public Task ListenAsync(LoopSocket socket, Action<int> onAccepted, Action<int> onShortage)
    {
        Debug.Assert(_loop.IsCurrent, "a listener belongs to its loop");
        _acceptor = new LoopListener(socket, onAccepted) { OnResourceShortage = onShortage };
        return _acceptor.RunAsync();
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
        else if (TryEnter(client, out Action onFinished))
        {
            _running++;
            if (_handshakes is null)
            {
                Serve(client, onFinished);
            }
            else
            {
                _ = SecureAsync(client, onFinished);
            }
        }
        else
        {
            Counters.RefusedTooMany++;
            _ = RefuseAsync(client);
        }
    }

    private bool TryEnter(LoopSocket client, out Action onFinished)
    {
        onFinished = _onSessionFinished;
        if (!_quota.TryEnter())
        {
            return false;
        }

        if (_settings.Addresses is not { } addresses || client.PeerAddress?.Address is not { } address)
        {
            return true;
        }

        onFinished = () =>
        {
            addresses.Leave(address);
            OnSessionFinished();
        };
        bool mayEnter = addresses.TryEnter(address);
        if (!mayEnter)
        {
            _quota.Leave();
        }

        return mayEnter;
    }

    /// <summary>Accepts no more; sessions end as soon as nothing of theirs is pending.</summary>
    public void Stop()
    {
        _isStopping = true;
        _acceptor?.Stop();
        _handshakes?.EndAll();
        foreach (Session session in Gate.Sessions.ToArray())
        {
            session.EndWhenQuiescent();
        }

        CompleteWhenDrained();
    }

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
                inFlight += session.Link?.InFlight.Count ?? 0;
                held += session.Pipeline.Waiting.Count;
                pinned[(int)session.State.Pin]++;
            }
        }

        Counters.InFlight = inFlight;
        Counters.Held = held;
        pinned.CopyTo(Counters.PinnedNow);
    }

    /// <summary>Ends one session. False: it is not among these.</summary>
    public bool Kill(long id)
    {
        Session? session = Gate.Sessions.FirstOrDefault(session => session.Id == id && !session.IsEnded);
        session?.End(EndCause.Killed);
        return session is not null;
    }

    /// <summary>Ends what is left.</summary>
    public void AbortAll()
    {
        foreach (Session session in Gate.Sessions.ToArray())
        {
            session.End(EndCause.Shutdown, abort: true);
        }
    }

    private void OnSessionFinished()
    {
        _quota.Leave();
        _running--;
        CompleteWhenDrained();
    }

    private void Serve(LoopSocket client, Action onFinished) =>
        new Session(client, Gate, _limiter, _settings, Counters).Start(onFinished);

    // Until it is secured it is no session, but has the place of one.
    private async Task SecureAsync(LoopSocket client, Action onFinished)
    {
        IPEndPoint? address = client.PeerAddress;
        Exception? failure = await _handshakes!.RunAsync(client);
        if (failure is null && !_isStopping)
        {
            Counters.Secured++;
            Serve(client, onFinished);
            return;
        }

        if (failure is not (null or EndOfStreamException) && !_isStopping)
        {
            Counters.HandshakesFailed++;
            OnHandshakeFailed(address, TlsFailure.Describe(failure));
        }

        await EndRefusedAsync(client);
        onFinished();
    }

    private async Task RefuseAsync(LoopSocket client)
    {
        if (_handshakes is null)
        {
            SendRefusal(client);
        }

        await EndRefusedAsync(client);
    }

    private async Task EndRefusedAsync(LoopSocket client)
    {
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
