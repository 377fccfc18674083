using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>One request from its scan to its reply. Offsets count the bytes of the client's stream since the session began.</summary>
internal struct PendingRequest
{
    /// <summary>Value of <see cref="End"/> while the request is incomplete and is forwarded as it arrives.</summary>
    public const long StillOpen = long.MaxValue;

    /// <summary>Offset of its first byte. Requests that redis skips (an empty line) belong to the one after them.</summary>
    public long Start;

    /// <summary>One past its last byte.</summary>
    public long End;

    /// <summary>When its wait began, on the loop's clock, in milliseconds; see <c>hold.timeout</c>.</summary>
    public long WaitsSinceMs;

    /// <summary>
    /// When it was dispatched, on the loop's clock: the low bits of its microseconds, which come round in 71 minutes. Not carried to
    /// another process, where the time begins anew.
    /// </summary>
    public uint DispatchedUs;

    /// <summary>It was requeued from a link, and has waited since then.</summary>
    public bool HasWaited;

    /// <summary>It is one of <see cref="SessionCounters.HeldRequests"/>. Not carried: another process counts for itself.</summary>
    public bool IsCountedAsHeld;

    /// <summary>Number of backends that were lost after the whole request was sent to them and before they replied.</summary>
    public byte Losses;

    public CommandTraits Traits;

    public Outcome Outcome;

    /// <summary>The next of the session's <see cref="StateChange"/>s belongs to it.</summary>
    public bool HasChange;

    /// <summary>
    /// Later requests of the client rely on the connection's state after this one: another database, another user. An EXEC does so if its
    /// transaction does.
    /// </summary>
    public bool ChangesState;

    /// <summary>Preceded by requests that redis skips; they use up a CLIENT REPLY SKIP.</summary>
    public bool FollowsNoOp;

    /// <summary>Its backend has replied, but it will be sent again: it was rejected, or is a read behind a rejected request.</summary>
    public bool IsAnswered;

    /// <summary>The error that rejected it; <see cref="Outcome.Forward"/> if it was not.</summary>
    public Outcome Rejection;

    /// <summary>Number of similar requests right behind it that have no entry of their own (<see cref="RequestQueue"/>).</summary>
    public int More;

    /// <summary>A single request that is owed one reply by a backend and does not change the connection.</summary>
    public readonly bool IsPlain => More == 0 && AnswersAlike;

    /// <summary>Each of the requests in this entry is owed one reply by a backend and does not change the connection.</summary>
    public readonly bool AnswersAlike =>
        Outcome == Outcome.Forward && Traits.Kind == CommandKind.Plain && !HasChange && !FollowsNoOp && !IsAnswered && End != StillOpen;

    public readonly bool IsOpen => End == StillOpen;

    /// <summary>Writes it, or reads it. How long it has waited is said by each process in the time of its own clock.</summary>
    public void Carry(StateCodec codec, long nowMs)
    {
        Start = codec.Int64(Start);
        End = codec.Int64(End);
        WaitsSinceMs = nowMs - codec.Int64(nowMs - WaitsSinceMs);
        HasWaited = codec.Bool(HasWaited);
        Losses = codec.Byte(Losses);
        Traits = new CommandTraits(codec.Named(Traits.Kind), (CommandFlags)codec.Byte((byte)Traits.Flags));
        Outcome = codec.Named(Outcome);
        HasChange = codec.Bool(HasChange);
        ChangesState = codec.Bool(ChangesState);
        FollowsNoOp = codec.Bool(FollowsNoOp);
        IsAnswered = codec.Bool(IsAnswered);
        Rejection = codec.Named(Rejection);
        More = codec.Int32(More);
    }

    /// <summary>Answered by the proxy: its bytes are not sent.</summary>
    public readonly bool IsProxyReply => Outcome != Outcome.Forward;

    /// <summary>It will not be sent any more, and no backend has replied to it: a transaction that it belongs to lacks a part.</summary>
    public readonly bool IsGivenUp => Outcome is Outcome.NotExecuted or Outcome.Unknown;

    /// <summary>
    /// Its outcome when it must not be sent any more. A lost backend may have executed it, even if it only reads. A MULTI executes nothing,
    /// and the requests behind it must still be answered as part of a transaction.
    /// </summary>
    public readonly Outcome OutcomeWhenGivenUp =>
        Losses > 0 && Traits.Kind != CommandKind.Multi ? Outcome.Unknown : Outcome.NotExecuted;

    /// <summary>
    /// The connection's state is not the one that later requests were written for, or may not be: the change was not executed, or perhaps
    /// it was, on a connection that is gone. No later request may run.
    /// </summary>
    public readonly bool IsLostChange =>
        ChangesState && (IsGivenUp || Outcome == Outcome.Aborted || Outcome >= Outcome.RejectedReadOnly);
}
