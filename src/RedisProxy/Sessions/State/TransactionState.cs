using System.Diagnostics;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// A connection's state with respect to MULTI and WATCH. A value, so that it can be computed ahead for requests that are in flight or
/// waiting.
/// <para>
/// A failover loses WATCHes, and sometimes the queue of a MULTI. Nothing was executed, so the session continues; but the transaction can
/// only end one way, and until then the proxy answers in the server's place: see <see cref="Fate"/>. Nothing of it reaches a backend.
/// </para>
/// </summary>
/// <param name="IsOpen">Between MULTI and its end.</param>
/// <param name="IsWatching">Between WATCH and its end.</param>
/// <param name="Fate">How it ends, if that is decided.</param>
internal readonly record struct TransactionState(bool IsOpen, bool IsWatching, TransactionFate Fate)
{
    /// <summary>The proxy answers in the backend's place until the transaction has ended.</summary>
    public bool IsCompletedLocally => Fate != TransactionFate.Undecided;

    /// <summary>
    /// The state after a backend's reply to this command. When in doubt it stays open: replaying too much is harmless, forgetting is not.
    /// </summary>
    public TransactionState After(CommandKind kind, bool isError = false, bool isExecAborted = false) => kind switch
    {
        CommandKind.Multi when !isError => this with { IsOpen = true },
        CommandKind.Watch when !isError && !IsOpen => this with { IsWatching = true },
        CommandKind.Exec when !isError || isExecAborted => default,
        CommandKind.Discard or CommandKind.Reset when !isError => default,
        CommandKind.Unwatch when !isError && !IsOpen => this with { IsWatching = false },
        _ => this,
    };

    /// <summary>
    /// Redis does not execute a transaction of which it has refused any part, even its end (DISCARD without permission). MULTI and WATCH
    /// inside it do not count: they are executed at once, and fail.
    /// </summary>
    public bool IsSpoiledBy(ReadOnlySpan<byte> error) => IsOpen
        && !error.StartsWith("-ERR MULTI calls can not be nested"u8) && !error.StartsWith("-ERR WATCH inside MULTI is not allowed"u8);

    /// <summary>The fate of the next command, and the state after it.</summary>
    public (Outcome Outcome, TransactionState State) Next(CommandKind kind) =>
        IsCompletedLocally ? (AnswerTo(kind), AfterAnswerTo(kind)) : (Outcome.Forward, After(kind));

    /// <summary>Writes it, or returns what it has read.</summary>
    public TransactionState Carry(StateCodec codec) => new(codec.Bool(IsOpen), codec.Bool(IsWatching), codec.Named(Fate));

    /// <summary>The proxy's reply while it completes the transaction; <see cref="Outcome.Forward"/>: none.</summary>
    private Outcome AnswerTo(CommandKind kind)
    {
        Debug.Assert(IsCompletedLocally, "the backend answers");
        return (kind, IsOpen) switch
        {
            // These two are executed at once, transaction or not.
            (CommandKind.Reset or CommandKind.Quit, _) => Outcome.Forward,
            (CommandKind.Multi, true) => Outcome.NestedMulti,
            (CommandKind.Watch, true) => Outcome.WatchInMulti,
            (CommandKind.Multi or CommandKind.Watch or CommandKind.Unwatch, false) => Outcome.Acknowledged,
            (CommandKind.Discard, true) => Outcome.Acknowledged,
            (CommandKind.Exec, true) => Fate == TransactionFate.Conflict ? Outcome.Conflict : Outcome.Aborted,
            (_, true) => Outcome.Queued,
            _ => Outcome.Forward,
        };
    }

    /// <summary>The state after that reply of the proxy.</summary>
    private TransactionState AfterAnswerTo(CommandKind kind) => (kind, IsOpen) switch
    {
        (CommandKind.Reset, _) => default,
        (CommandKind.Multi, false) => this with { IsOpen = true },
        (CommandKind.Unwatch, false) => default,
        (CommandKind.Exec or CommandKind.Discard, true) => default,
        _ => this,
    };
}

/// <summary>How a transaction ends.</summary>
internal enum TransactionFate : byte
{
    /// <summary>The backend decides.</summary>
    Undecided,

    /// <summary>Watched keys may have changed: EXEC answers nil, as in redis.</summary>
    Conflict,

    /// <summary>Part of the queue is lost: EXEC answers EXECABORT.</summary>
    Abort,
}
