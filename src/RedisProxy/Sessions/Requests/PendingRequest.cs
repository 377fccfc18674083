using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>One request from its scan to its reply. Offsets count the bytes of the client's stream since the session began.</summary>
internal struct PendingRequest
{
    /// <summary>Of <see cref="End"/> while the request is still coming in and has to be passed on before it is complete.</summary>
    public const long StillOpen = long.MaxValue;

    /// <summary>Of its first byte. Requests that redis skips (an empty line) belong to the one after them.</summary>
    public long Start;

    /// <summary>One past its last byte.</summary>
    public long End;

    /// <summary>When its wait began, on the loop's clock, in milliseconds; see <c>hold.timeout</c>.</summary>
    public long WaitsSinceMs;

    /// <summary>It was taken back from a link, and waits since then.</summary>
    public bool HasWaited;

    /// <summary>So many backends were lost that had been sent the whole of it and had not answered.</summary>
    public byte Losses;

    public CommandTraits Traits;

    public Outcome Outcome;

    /// <summary>The next of the session's <see cref="StateChange"/>s belongs to it.</summary>
    public bool HasChange;

    /// <summary>
    /// What the client sends behind it is meant for the connection as this leaves it: another database, another user. An EXEC does so when
    /// its transaction does.
    /// </summary>
    public bool ChangesState;

    /// <summary>Requests that redis skips stand before it; they use up a CLIENT REPLY SKIP.</summary>
    public bool FollowsNoOp;

    /// <summary>Its backend has answered, but it will be sent again: it was rejected, or is a read behind a rejected request.</summary>
    public bool IsAnswered;

    /// <summary>The error it was rejected with; <see cref="Outcome.Forward"/> when it was not.</summary>
    public Outcome Rejection;

    /// <summary>So many further requests like it, right behind it, have no entry of their own (<see cref="RequestQueue"/>).</summary>
    public int More;

    /// <summary>It is one request, is owed one reply by a backend, and changes nothing about the connection.</summary>
    public readonly bool IsPlain => More == 0 && AnswersAlike;

    /// <summary>It, and those that it stands for: each is owed one reply by a backend, and changes nothing about the connection.</summary>
    public readonly bool AnswersAlike =>
        Outcome == Outcome.Forward && Traits.Kind == CommandKind.Plain && !HasChange && !FollowsNoOp && !IsAnswered && End != StillOpen;

    public readonly bool IsOpen => End == StillOpen;

    /// <summary>Answered by the proxy: its bytes are not sent.</summary>
    public readonly bool IsProxyReply => Outcome != Outcome.Forward;

    /// <summary>It is not sent any more, and no backend has answered it: a transaction that it belongs to lacks a part.</summary>
    public readonly bool IsGivenUp => Outcome is Outcome.NotExecuted or Outcome.Unknown;

    /// <summary>
    /// What becomes of it when it may not be sent any more. A backend that was lost may have executed it, though it did no more than read.
    /// A MULTI executes nothing, and what follows it must still be told that it belongs to a transaction.
    /// </summary>
    public readonly Outcome OutcomeWhenGivenUp =>
        Losses > 0 && Traits.Kind != CommandKind.Multi ? Outcome.Unknown : Outcome.NotExecuted;

    /// <summary>
    /// Nobody can say that the connection is what the requests behind it were written for: it was not executed, or perhaps it was, on a
    /// connection that is gone. None of them may run.
    /// </summary>
    public readonly bool IsLostChange =>
        ChangesState && (IsGivenUp || Outcome == Outcome.Aborted || Outcome >= Outcome.RejectedReadOnly);
}
