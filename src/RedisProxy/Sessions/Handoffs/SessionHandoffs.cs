namespace RedisProxy.Sessions;

/// <summary>
/// A client that asked for notifications, and what it has been told. Not a queue: what is due follows from what the client was told last
/// and from how things are now (<see cref="HandoffPushes"/>), so a client that reads nothing for long costs no memory, and is told no
/// history later.
/// </summary>
internal sealed class SessionHandoffs
{
    public HandoffWish Wish { get; set; }

    /// <summary>It was told of the beginning of a hold, and not of its end.</summary>
    public bool IsInHold { get; set; }

    /// <summary>What tells it to move, until that is sent; null: nothing is due.</summary>
    public MovePush? Move { get; private set; }

    /// <summary>It is told to move, so no hold that begins here concerns it any more.</summary>
    public bool IsLeaving { get; private set; }

    /// <param name="change">CLIENT MAINT_NOTIFICATIONS.</param>
    /// <param name="told">What the client was told by then; null: nothing.</param>
    /// <returns>Null: it is to be told nothing more.</returns>
    public static SessionHandoffs? After(StateChange change, SessionHandoffs? told)
    {
        if (!HandoffRequests.TryRead(change.Arguments, out HandoffWish wish))
        {
            return told;
        }

        told = wish == HandoffWish.Off ? null : told ?? new SessionHandoffs();
        told?.Wish = wish;
        return told;
    }

    /// <summary>Writes it, or reads a new one. A client that is still to be told something stays.</summary>
    public static SessionHandoffs? Carry(StateCodec codec, SessionHandoffs? told)
    {
        if (!codec.Bool(told is not null))
        {
            return null;
        }

        told ??= new SessionHandoffs();
        told.Wish = codec.Named(told.Wish);
        return told;
    }

    public void Leave(MovePush push)
    {
        Move = push;
        IsLeaving = true;
    }

    /// <summary>It need not move after all, but may if it has been told.</summary>
    public void Stay()
    {
        Move = null;
        IsLeaving = false;
    }

    public MovePush TakeMove()
    {
        MovePush move = Move!.Value;
        Move = null;
        return move;
    }
}

/// <param name="HoldEnd">Number of the end of a hold, which a client is told of before it moves: no other end comes.</param>
/// <param name="Text">For this client.</param>
internal readonly record struct MovePush(long HoldEnd, byte[] Text);
