using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>One request from its scan to its reply. Offsets count the bytes of the client's stream since the session began.</summary>
internal struct PendingRequest
{
    /// <summary>Of <see cref="End"/> while the request is still coming in and has to be passed on before it is complete.</summary>
    public const long StillOpen = long.MaxValue;

    /// <summary>Whose it is.</summary>
    public Session Session;

    /// <summary>
    /// Of its first byte. Requests that redis skips (an empty line) belong to the one after them, and so does CLIENT REPLY SKIP, which
    /// is of no use on another connection than the request that it is about.
    /// </summary>
    public long Start;

    /// <summary>One past its last byte.</summary>
    public long End;

    /// <summary>When its wait began, on the loop's clock, in milliseconds; see <c>hold.timeout</c>.</summary>
    public long WaitsSinceMs;

    /// <summary>It was taken back from a link, and waits since then.</summary>
    public bool HasWaited;

    public CommandTraits Traits;

    public Outcome Outcome;

    /// <summary>The next of the session's <see cref="StateChange"/>s belongs to it.</summary>
    public bool HasChange;

    /// <summary>After CLIENT REPLY OFF or SKIP: it is done as soon as it is sent, and nothing is ever said about it.</summary>
    public bool IsSilent;

    /// <summary>Its backend has answered, but it will be sent again: it was rejected, or is a read behind a rejected request.</summary>
    public bool IsAnswered;

    /// <summary>The error it was rejected with; <see cref="Outcome.Forward"/> when it was not.</summary>
    public Outcome Rejection;

    /// <summary>It is owed one reply by a backend, and changes nothing about the connection.</summary>
    public readonly bool IsPlain =>
        Outcome == Outcome.Forward && Traits.Kind == CommandKind.Plain && !HasChange && !IsSilent && !IsAnswered && End != StillOpen;

    public readonly bool IsOpen => End == StillOpen;

    /// <summary>Answered by the proxy: its bytes are not sent.</summary>
    public readonly bool IsSynthesised => Outcome != Outcome.Forward;
}
