using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Of a session of a durable listener: the replies to its writes stay unread until replicas have those writes. So they are no
/// acknowledgements yet: if the link is lost meanwhile, the outcome of their requests is unknown, as if they had never arrived. Replies
/// before the write are not held back; those behind it wait in their place.
/// </summary>
/// <param name="session">Woken when an answer has come.</param>
/// <param name="confirmations">Of its listener on its loop.</param>
internal sealed class HeldReplies(ISessionParts session, Confirmations confirmations)
{
    private Confirmation? _asked;

    // Positions in the buffer of received bytes: up to where the question asks, and up to where its answer is known.
    private int _askedTo;
    private int _answeredTo;
    private bool _areTooFew;

    /// <summary>Does the next reply have to wait? If so, its session is woken when it may be read.</summary>
    /// <param name="state">Of the connection.</param>
    /// <param name="link">That the bytes were received on.</param>
    /// <param name="received">All that was received, from the next reply on.</param>
    /// <param name="at">Position of the next reply in the buffer.</param>
    public bool Hold(ConnectionState state, BackendLink link, ReadOnlySpan<byte> received, int at)
    {
        if (_asked is { Verdict: not Verdict.Pending } answered)
        {
            _answeredTo = _askedTo;
            _areTooFew = answered.Verdict == Verdict.TooFew;
            _asked = null;
        }

        if (!IsHeld(state, link, received, at))
        {
            return false;
        }

        if (_asked is null)
        {
            _askedTo = at + received.Length;
            _asked = confirmations.Ask(session);
        }

        return true;
    }

    /// <summary>The same, without a question.</summary>
    public bool IsHeld(ConnectionState state, BackendLink link, ReadOnlySpan<byte> received, int at) =>
        at >= _answeredTo && !link.IsMidReply && !link.IsRejecting && !link.IsRaw
        && received[0] is not ((byte)'-' or (byte)'!' or (byte)'>') && IsWrite(state, link.InFlight)
        && !IsNothing(link.InFlight.Oldest.Traits, received);

    /// <summary>Everything up to this position may be read without a look at what it answers.</summary>
    public bool AreConfirmed(int end) => end <= _answeredTo && !_areTooFew;

    /// <summary>
    /// The reply to the oldest request in flight may be read, but is not for the client: it acknowledges a write that too few replicas
    /// have. An error acknowledges nothing.
    /// </summary>
    /// <param name="state">Of the connection.</param>
    /// <param name="link">That the reply was received on.</param>
    /// <param name="reply">It, or as much of its beginning as there is; empty: its beginning has gone, or was dropped.</param>
    public bool AreTooFewFor(ConnectionState state, BackendLink link, ReadOnlySpan<byte> reply) =>
        _areTooFew && !link.Scanner.IsError && IsWrite(state, link.InFlight) && !IsNothing(link.InFlight.Oldest.Traits, reply);

    /// <summary>Bytes at the beginning of the buffer were removed.</summary>
    public void Shift(int bytes)
    {
        _askedTo = Math.Max(0, _askedTo - bytes);
        _answeredTo = Math.Max(0, _answeredTo - bytes);
    }

    /// <summary>The buffer was dropped. The verdict still stands for the reply of which a part was in it.</summary>
    public void Forget()
    {
        _asked = null;
        _askedTo = 0;
        _answeredTo = 0;
    }

    // A watched key had changed, so the transaction was not executed; or there was nothing to pop. Neither acknowledges anything.
    private static bool IsNothing(CommandTraits traits, ReadOnlySpan<byte> reply) =>
        (traits.Kind == CommandKind.Exec || traits.IsPop)
        && (reply.StartsWith("*-"u8) || reply.StartsWith("$-"u8) || reply.StartsWith("_"u8));

    // What a transaction writes is written by its EXEC.
    private static bool IsWrite(ConnectionState state, RequestQueue inFlight) =>
        !inFlight.IsEmpty && inFlight.Oldest is { IsProxyReply: false, Traits.IsResendable: false } oldest
        && (oldest.Traits.Kind == CommandKind.Exec
            || (oldest.Traits.Kind is CommandKind.Plain or CommandKind.XRead or CommandKind.HashImport && !state.Transaction.IsOpen));
}
