using System.Net;

using RedisProxy.EventLoops;
using RedisProxy.Transport;

namespace RedisProxy.Sessions;

/// <summary>
/// The steps between the accept of a client and its session, on one loop: the limits of its listener, the PROXY header, TLS. A client in
/// these steps is not a session yet, but counts as one.
/// </summary>
internal sealed class Admission
{
    // Refused clients get time to read the reason, up to this many: a flood of them must not take the descriptors that sessions need.
    private const int MaxLingeringRefusals = 32;

    private readonly SessionQuota _quota;
    private readonly SessionCounters _counters;
    private readonly ClientHeaders _headers;
    private readonly ClientHandshakes? _handshakes;
    private readonly Action _leave;
    private int _lingeringRefusals;

    public Admission(EventLoop loop, SessionQuota quota, SessionSettings settings, SessionCounters counters)
    {
        _quota = quota;
        _counters = counters;
        _headers = new ClientHeaders(loop);
        _handshakes = settings.ClientTls is { } tls
            ? new ClientHandshakes(loop, tls, settings.MaxHandshakes, settings.MaxSilent, quota)
            : null;
        _leave = Leave;
    }

    /// <summary>Receives each admitted client, and a callback to run once when its session has ended.</summary>
    public required Action<LoopSocket, Action> Serve { get; init; }

    /// <summary>Receives clients refused because of what they sent, and the reason.</summary>
    public required Action<IPEndPoint?, string> OnRefused { get; init; }

    /// <summary>A place was released.</summary>
    public required Action OnLeft { get; init; }

    /// <summary>Clients being admitted, and sessions.</summary>
    public int Places { get; private set; }

    /// <summary>No client becomes a session any more.</summary>
    public bool IsStopping { get; private set; }

    public void Begin(LoopSocket client, SessionSettings settings)
    {
        if (!_quota.TryEnter())
        {
            _handshakes?.MakeRoom();
            RefuseTooMany(client);
            return;
        }

        Places++;
        if (settings.ExpectsHeader(client))
        {
            _ = ReadHeaderAsync(client, settings);
        }
        else
        {
            Enter(client, settings);
        }
    }

    /// <summary>The same for a client that another process has admitted.</summary>
    /// <param name="client">Its session goes on here.</param>
    /// <param name="settings">Of the listener.</param>
    /// <param name="onFinished">To run once when that has ended.</param>
    /// <returns>False: there is no room.</returns>
    public bool TryReadmit(LoopSocket client, SessionSettings settings, out Action onFinished)
    {
        onFinished = _leave;
        if (!_quota.TryEnter())
        {
            return false;
        }

        Places++;
        bool hasEntered = TryEnterAddress(client, settings, out onFinished);
        if (!hasEntered)
        {
            Leave();
        }

        return hasEntered;
    }

    /// <summary>
    /// The same for a client that was admitted here before. Its place may be another client's by now, but it has no other one to go to.
    /// </summary>
    /// <returns>To run once when its session has ended.</returns>
    public Action Readmit(LoopSocket client, SessionSettings settings)
    {
        _quota.Enter();
        Places++;
        TryEnterAddress(client, settings, out Action onFinished, isForced: true);
        return onFinished;
    }

    /// <summary>Also ends clients that are being admitted.</summary>
    public void Stop()
    {
        IsStopping = true;
        _headers.EndAll();
        _handshakes?.EndAll();
    }

    /// <summary>After <see cref="Stop"/>.</summary>
    public void Reopen() => IsStopping = false;

    private async Task ReadHeaderAsync(LoopSocket client, SessionSettings settings)
    {
        IPEndPoint? balancer = client.PeerAddress;
        Exception? failure = await _headers.ReadAsync(client);
        if (failure is null && !IsStopping)
        {
            _counters.HeadersRead++;
            Enter(client, settings);
            return;
        }

        if (IsRefusal(failure))
        {
            _counters.HeadersFailed++;
            OnRefused(balancer, $"no PROXY header: {failure!.Message}");
        }

        await EndAsync(client);
        Leave();
    }

    private void Enter(LoopSocket client, SessionSettings settings)
    {
        if (!TryEnterAddress(client, settings, out Action onFinished))
        {
            Leave();
            RefuseTooMany(client);
        }
        else if (_handshakes is null)
        {
            Serve(client, onFinished);
        }
        else
        {
            _ = SecureAsync(_handshakes, client, onFinished);
        }
    }

    private bool TryEnterAddress(LoopSocket client, SessionSettings settings, out Action onFinished, bool isForced = false)
    {
        onFinished = _leave;
        if (settings.Addresses is not { } addresses || client.PeerAddress?.Address is not { } address)
        {
            return true;
        }

        onFinished = () =>
        {
            addresses.Leave(address);
            Leave();
        };
        return addresses.TryEnter(address, isForced);
    }

    private async Task SecureAsync(ClientHandshakes handshakes, LoopSocket client, Action onFinished)
    {
        IPEndPoint? address = client.PeerAddress;
        Exception? failure = await handshakes.RunAsync(client);
        if (failure is null && !IsStopping)
        {
            _counters.Secured++;
            Serve(client, onFinished);
            return;
        }

        if (IsRefusal(failure))
        {
            _counters.HandshakesFailed++;
            OnRefused(address, $"TLS handshake failed: {TlsFailure.Describe(failure!)}");
        }

        await EndAsync(client);
        onFinished();
    }

    // A client that connects and sends nothing is a port probe.
    private bool IsRefusal(Exception? failure) => failure is not (null or EndOfStreamException) && !IsStopping;

    private void Leave()
    {
        _quota.Leave();
        Places--;
        OnLeft();
    }

    private void RefuseTooMany(LoopSocket client)
    {
        _counters.RefusedTooMany++;
        if (_handshakes is null)
        {
            SendTooMany(client);
        }

        _ = EndAsync(client);
    }

    private async Task EndAsync(LoopSocket client)
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

    private static unsafe void SendTooMany(LoopSocket client)
    {
        fixed (byte* text = ProxyReplies.TooManyClients)
        {
            _ = client.TrySend(text, ProxyReplies.TooManyClients.Length);
        }
    }
}
