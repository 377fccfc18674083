using System.Net;

using RedisProxy.EventLoops;
using RedisProxy.Transport;

namespace RedisProxy.Sessions;

/// <summary>
/// Clients of one listener on one loop that have connected and are not secured yet. Until its ClientHello is complete, a client costs no
/// more than its descriptor: what it has sent stays in the kernel. After that, a limited number of handshakes run at once
/// (<see cref="HandshakeTurns"/>). Each client has the same time for all of it, and <see cref="HelloTimeoutMs"/> for its ClientHello.
/// </summary>
/// <param name="loop">Of the clients.</param>
/// <param name="tls">The server's side of the handshakes.</param>
/// <param name="maxConcurrent">Handshakes at once.</param>
/// <param name="maxSilent">Clients without a complete ClientHello; beyond it the oldest of an address that has many is dropped.</param>
/// <param name="quota">
/// Counts the clients: when it runs short, the oldest client of an address that has many is dropped. Null: no limit.
/// </param>
internal sealed class ClientHandshakes(
    EventLoop loop, ServerTls tls, int maxConcurrent, int maxSilent = int.MaxValue, SessionQuota? quota = null)
{
    /// <summary>From the first byte on.</summary>
    public const int HelloTimeoutMs = 2000;

    // How many are checked for each new client: those whose ClientHello has arrived unseen are spared.
    private const int MaxChecks = 8;

    private readonly LinkedList<HandshakeAttempt> _attempts = new();
    private readonly LinkedList<HandshakeAttempt> _silent = new();
    private readonly Dictionary<IPAddress, HandshakePeer> _peers = [];
    private readonly HandshakeTurns _turns = new(loop, maxConcurrent);
    private readonly byte[] _peeked = GC.AllocateUninitializedArray<byte>(ClientHello.MaxBytes, pinned: true);

    /// <summary>Connected and not secured, including those that wait.</summary>
    public int Count => _attempts.Count;

    /// <returns>Null: the client is secure. Otherwise the reason as a sentence, or an <see cref="EndOfStreamException"/> if the client sent
    /// nothing, as port probes do. Then it can only be closed.</returns>
    public async Task<Exception?> RunAsync(LoopSocket client)
    {
        HandshakeAttempt attempt = Begin(client);
        var deadline = new LoopTimer(attempt => End((HandshakeAttempt)attempt, "it took too long"), attempt);
        long dueMs = loop.NowMs + (long)tls.Options.HandshakeTimeout.TotalMilliseconds;
        loop.Timers.Arm(deadline, dueMs);
        try
        {
            await client.WaitReadableAsync();
            loop.Timers.Arm(deadline, Math.Min(dueMs, loop.NowMs + HelloTimeoutMs));
            Exception? error = await AwaitHelloAsync(attempt);
            loop.Timers.Arm(deadline, dueMs);
            if (error is null)
            {
                error = await SecureAsync(attempt);
            }

            return attempt.EndedBecause is { } reason ? new TimeoutException(reason) : error;
        }
        finally
        {
            loop.Timers.Disarm(deadline);
            Leave(attempt);
        }
    }

    /// <summary>A new client found no place: drops one here, if possible, for the next.</summary>
    public void MakeRoom() => EndOldest(newcomer: null);

    /// <summary>The listener stops: all handshakes end.</summary>
    public void EndAll()
    {
        foreach (HandshakeAttempt attempt in _attempts.ToArray())
        {
            End(attempt, "the listener stops");
        }
    }

    private HandshakeAttempt Begin(LoopSocket client)
    {
        IPAddress address = client.PeerAddress?.Address ?? IPAddress.None;
        if (!_peers.TryGetValue(address, out HandshakePeer? peer))
        {
            peer = _peers[address] = new HandshakePeer(address);
        }

        var attempt = new HandshakeAttempt(client, peer);
        _attempts.AddLast(attempt);
        _silent.AddLast(attempt);
        peer.Attempts++;
        peer.Silent++;
        if (_silent.Count > maxSilent)
        {
            EndOldestSilent(peer.Silent);
        }

        if (quota is { IsShort: true })
        {
            EndOldest(attempt);
        }

        return attempt;
    }

    private void Leave(HandshakeAttempt attempt)
    {
        NoteHello(attempt);
        _attempts.Remove(attempt);
        if (--attempt.Peer.Attempts == 0)
        {
            _peers.Remove(attempt.Peer.Address);
        }
    }

    private void End(HandshakeAttempt attempt, string reason)
    {
        attempt.End(reason);
        _turns.GiveUp(attempt);
    }

    // Addresses with many clients make room before those with few.
    private void EndOldestSilent(int many)
    {
        foreach (HandshakeAttempt attempt in _silent.Where(silent => silent.Peer.Silent >= many).Take(MaxChecks))
        {
            if (attempt.EndedBecause is null && Look(attempt.Client, out _) != HelloStatus.Whole)
            {
                NoteHello(attempt);
                End(attempt, "others needed its place");
                return;
            }
        }
    }

    // Whatever it has sent: the newest client is the one most likely still waited for.
    private void EndOldest(HandshakeAttempt? newcomer)
    {
        HandshakeAttempt? oldest = _attempts.FirstOrDefault(
            one => one != newcomer && one.EndedBecause is null && one.Peer.Attempts >= (newcomer?.Peer.Attempts ?? 0));
        if (oldest is not null)
        {
            End(oldest, "others needed its place");
        }
    }

    /// <summary>Waits for the complete ClientHello.</summary>
    /// <returns>Null: it has arrived.</returns>
    private async Task<Exception?> AwaitHelloAsync(HandshakeAttempt attempt)
    {
        LoopSocket client = attempt.Client;
        while (true)
        {
            HelloStatus status = Look(client, out int received);
            if (status == HelloStatus.Whole)
            {
                NoteHello(attempt);
                return null;
            }

            if (status == HelloStatus.Refused)
            {
                return new InvalidDataException("it did not send a TLS ClientHello");
            }

            if (client.IsClosed || client.IsPeerClosed)
            {
                return received == 0 ? new EndOfStreamException() : new IOException("the connection ended within the ClientHello");
            }

            await client.WaitForMoreAsync();
        }
    }

    private unsafe HelloStatus Look(LoopSocket client, out int received)
    {
        fixed (byte* room = _peeked)
        {
            received = Math.Max(0, client.TryPeek(room, _peeked.Length));
        }

        return ClientHello.Look(_peeked.AsSpan(0, received));
    }

    // It has sent its ClientHello, or is gone.
    private void NoteHello(HandshakeAttempt attempt)
    {
        if (_silent.Remove(attempt))
        {
            attempt.Peer.Silent--;
        }
    }

    private async Task<Exception?> SecureAsync(HandshakeAttempt attempt)
    {
        try
        {
            await _turns.EnterAsync(attempt);
            return await attempt.Client.SecureAsync(tls.AuthenticateAsync);
        }
        finally
        {
            _turns.Leave(attempt);
        }
    }
}
