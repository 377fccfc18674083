using System.Net;

using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>All clients of one address that are not secured yet, on one loop.</summary>
internal sealed class HandshakePeer(IPAddress address)
{
    public IPAddress Address => address;

    /// <summary>Not secured yet, in any state.</summary>
    public int Attempts { get; set; }

    /// <summary>Of these, those without a complete ClientHello.</summary>
    public int Silent { get; set; }

    /// <summary>Of these, those whose handshake is running.</summary>
    public int UnderWay { get; set; }

    /// <summary>Of these, those that wait for their turn, the newest last.</summary>
    public List<HandshakeAttempt> Waiting { get; } = [];
}

/// <summary>One client that is not secured yet.</summary>
internal sealed class HandshakeAttempt(LoopSocket client, HandshakePeer peer)
{
    public LoopSocket Client => client;

    public HandshakePeer Peer => peer;

    /// <summary>Set when its handshake may start, or when it was ended while waiting.</summary>
    public LoopSignal Turn { get; } = new(client.Loop);

    /// <summary>Start of its handshake, on the loop's clock.</summary>
    public long BeganAtMs { get; set; }

    /// <summary>Null: still alive.</summary>
    public string? EndedBecause { get; private set; }

    /// <summary>The first reason is kept.</summary>
    public void End(string reason)
    {
        EndedBecause ??= reason;
        client.Close();
    }
}
