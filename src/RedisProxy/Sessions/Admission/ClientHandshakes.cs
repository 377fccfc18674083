using System.Net;

using RedisProxy.EventLoops;
using RedisProxy.Transport;

namespace RedisProxy.Sessions;

/// <summary>
/// Clients of one listener on one loop that have connected and are not secured yet. Until one has said a whole ClientHello it costs no more
/// than its descriptor: what it has said stays with the kernel. Of those that have, a limited number is being greeted at once
/// (<see cref="HandshakeTurns"/>). Each has the same time for all of it, and <see cref="HelloTimeoutMs"/> for its ClientHello.
/// </summary>
/// <param name="loop">Of the clients.</param>
/// <param name="tls">What they are shown.</param>
/// <param name="maxConcurrent">Being greeted at once.</param>
/// <param name="maxSilent">Without a whole ClientHello at once; beyond it the oldest of an address that has many goes.</param>
/// <param name="quota">
/// Whose places they have: when those are short, the oldest of an address that has many goes. Null: they never are.
/// </param>
internal sealed class ClientHandshakes(
    EventLoop loop, ServerTls tls, int maxConcurrent, int maxSilent = int.MaxValue, SessionQuota? quota = null)
{
    /// <summary>From its first byte on.</summary>
    public const int HelloTimeoutMs = 2000;

    // So many are looked at for each client that comes: those whose ClientHello is there and was not seen yet stay.
    private const int MaxLooks = 8;

    private readonly LinkedList<HandshakeAttempt> _attempts = new();
    private readonly LinkedList<HandshakeAttempt> _silent = new();
    private readonly Dictionary<IPAddress, HandshakePeer> _peers = [];
    private readonly HandshakeTurns _turns = new(loop, maxConcurrent);
    private readonly byte[] _heard = GC.AllocateUninitializedArray<byte>(ClientHello.MaxBytes, pinned: true);

    /// <summary>Connected and not secured, waiting ones among them.</summary>
    public int Count => _attempts.Count;

    /// <returns>Null: the client is secure. Else why it is not, in a sentence, or by an <see cref="EndOfStreamException"/> that it
    /// connected and said nothing, as probes of ports do. Then it is only good for closing.</returns>
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
            Exception? error = await HearAsync(attempt);
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

    /// <summary>There was no place for one that came: there is one for the next, if anybody here can go.</summary>
    public void MakeRoom() => EndOldest(comer: null);

    /// <summary>The listener stops: nobody is greeted any more.</summary>
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

    // Who has many has to make room before who has few.
    private void EndOldestSilent(int many)
    {
        foreach (HandshakeAttempt attempt in _silent.Where(silent => silent.Peer.Silent >= many).Take(MaxLooks))
        {
            if (attempt.EndedBecause is null && Look(attempt.Client, out _) != HelloStatus.Whole)
            {
                NoteHello(attempt);
                End(attempt, "others needed its place");
                return;
            }
        }
    }

    // Whatever it has said: who has just come is more likely to be waited for.
    private void EndOldest(HandshakeAttempt? comer)
    {
        HandshakeAttempt? oldest = _attempts.FirstOrDefault(
            one => one != comer && one.EndedBecause is null && one.Peer.Attempts >= (comer?.Peer.Attempts ?? 0));
        if (oldest is not null)
        {
            End(oldest, "others needed its place");
        }
    }

    /// <summary>Until the whole ClientHello is there.</summary>
    /// <returns>Null: it is.</returns>
    private async Task<Exception?> HearAsync(HandshakeAttempt attempt)
    {
        LoopSocket client = attempt.Client;
        while (true)
        {
            HelloStatus status = Look(client, out int heard);
            if (status == HelloStatus.Whole)
            {
                NoteHello(attempt);
                return null;
            }

            if (status == HelloStatus.Refused)
            {
                return new InvalidDataException("what it sent is no ClientHello of TLS");
            }

            if (client.IsClosed || client.IsPeerClosed)
            {
                return heard == 0 ? new EndOfStreamException() : new IOException("the connection ended within the ClientHello");
            }

            await client.WaitForMoreAsync();
        }
    }

    private unsafe HelloStatus Look(LoopSocket client, out int heard)
    {
        fixed (byte* room = _heard)
        {
            heard = Math.Max(0, client.TryPeek(room, _heard.Length));
        }

        return ClientHello.Look(_heard.AsSpan(0, heard));
    }

    // It is silent no more, or gone.
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
