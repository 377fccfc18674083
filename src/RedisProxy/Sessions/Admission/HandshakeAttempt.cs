using System.Net;

using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>All clients of one address that are on their way to be secured on one loop.</summary>
internal sealed class HandshakePeer(IPAddress address)
{
    public IPAddress Address => address;

    /// <summary>On their way, in any state.</summary>
    public int Attempts { get; set; }

    /// <summary>Of these, those that have not said a whole ClientHello yet.</summary>
    public int Silent { get; set; }

    /// <summary>Of these, those that are being greeted.</summary>
    public int UnderWay { get; set; }

    /// <summary>Of these, those that wait for their turn, the newest last.</summary>
    public List<HandshakeAttempt> Waiting { get; } = [];
}

/// <summary>One client that is not secured yet.</summary>
internal sealed class HandshakeAttempt(LoopSocket client, HandshakePeer peer)
{
    public LoopSocket Client => client;

    public HandshakePeer Peer => peer;

    /// <summary>It is to be greeted, or was ended while it waited.</summary>
    public LoopSignal Turn { get; } = new(client.Loop);

    /// <summary>When its greeting began, by the loop's clock.</summary>
    public long BeganAtMs { get; set; }

    /// <summary>Null: nobody has ended it.</summary>
    public string? EndedBecause { get; private set; }

    /// <summary>The first reason stays.</summary>
    public void End(string reason)
    {
        EndedBecause ??= reason;
        client.Close();
    }
}
