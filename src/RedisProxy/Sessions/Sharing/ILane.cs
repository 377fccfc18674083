using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>One session's share of a <see cref="SharedLink"/>, as that sees it.</summary>
internal unsafe interface ILane
{
    /// <summary>Its place in the link's list.</summary>
    int Index { get; set; }

    /// <summary>It is in the link's queue of those that have something to send.</summary>
    bool IsQueued { get; set; }

    /// <summary>It has something to send, and may.</summary>
    bool HasTurn { get; }

    /// <summary>Replies that the link owes it.</summary>
    int Owed { get; }

    ILaneOwner Owner { get; }

    /// <summary>What it sends next: requests that are whole, and of a transaction all or nothing.</summary>
    /// <param name="bytes">Their length.</param>
    /// <param name="replies">How many replies they get.</param>
    bool TryTakeTurn(out int bytes, out int replies);

    /// <summary>Adds the first bytes of its turn to those of others.</summary>
    void CopyTo(Slab slab, int bytes);

    /// <summary>The kernel has taken its turn, or the beginning of it; the link sends the rest.</summary>
    /// <param name="bytes">Of the turn.</param>
    /// <param name="taken">Of these, sent.</param>
    /// <param name="replies">Of the turn.</param>
    void OnTaken(int bytes, int taken, int replies);

    /// <summary>More of it was sent.</summary>
    void OnSent(int bytes);

    /// <summary>Replies of its own have arrived, or a part of one.</summary>
    /// <param name="bytes">Valid during the call.</param>
    /// <param name="length">Of the bytes.</param>
    /// <param name="replies">How many of them are complete now.</param>
    /// <param name="owedBytes">Known to be missing of the last one.</param>
    /// <param name="isQuiet">Its session is not run.</param>
    void Deliver(byte* bytes, int length, int replies, long owedBytes, bool isQuiet);

    /// <summary>Nothing more can be sent.</summary>
    void OnSendBroken();

    /// <summary>The connection has ended. What was received still counts.</summary>
    void OnLinkEnded();
}
