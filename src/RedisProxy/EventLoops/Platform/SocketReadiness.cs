namespace RedisProxy.EventLoops;

/// <summary>What is known about a socket since its last event; edge-triggered events have to be remembered.</summary>
[Flags]
internal enum SocketReadiness : byte
{
    None = 0,
    Readable = 1,
    Writable = 2,

    /// <summary>The peer has sent FIN, or the connection is broken.</summary>
    PeerClosed = 4,

    /// <summary>Another part of the loop wants the reader's attention.</summary>
    Woken = 8,
}
