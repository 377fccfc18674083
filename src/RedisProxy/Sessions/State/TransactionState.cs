using System.Diagnostics;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Where a connection stands with MULTI and WATCH. A value, so that requests that were sent or wait can be followed ahead without
/// committing to it.
/// <para>
/// A failover takes WATCHes away, and sometimes the queue of a MULTI. Neither was executed, so the session lives on; but the
/// transaction can only end one way, and until it has ended the proxy plays the server's part: see <see cref="Fate"/>. Nothing of it
/// reaches a backend.
/// </para>
/// </summary>
/// <param name="IsOpen">Between MULTI and its end.</param>
/// <param name="IsWatching">Between WATCH and its end.</param>
/// <param name="Fate">How it ends, when that is settled already.</param>
internal readonly record struct TransactionState(bool IsOpen, bool IsWatching, TransactionFate Fate)
{
    /// <summary>The backend's part is played by the proxy until the transaction has ended.</summary>
    public bool IsCompletedLocally => Fate != TransactionFate.Undecided;

    /// <summary>
    /// The state once a backend has answered this command. When in doubt it stays open: what is needlessly said again is honest, what
    /// is forgotten is not.
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
    /// Redis executes no transaction of which it has refused a part, be it its end (DISCARD without permission). MULTI and WATCH within
    /// it are no part of it: they are executed at once, and fail.
    /// </summary>
    public bool IsSpoiledBy(ReadOnlySpan<byte> error) => IsOpen
        && !error.StartsWith("-ERR MULTI calls can not be nested"u8) && !error.StartsWith("-ERR WATCH inside MULTI is not allowed"u8);

    /// <summary>What becomes of the next command, and the state after it.</summary>
    public (Outcome Outcome, TransactionState State) Next(CommandKind kind) =>
        IsCompletedLocally ? (AnswerTo(kind), AfterAnswerTo(kind)) : (Outcome.Forward, After(kind));

    /// <summary>What the proxy says to a command while it plays the server's part; <see cref="Outcome.Forward"/>: nothing.</summary>
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

    /// <summary>The state once the proxy has answered this command so.</summary>
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
    /// <summary>The backend will say.</summary>
    Undecided,

    /// <summary>What was watched may have changed: EXEC answers nil, as redis does then.</summary>
    Conflict,

    /// <summary>A part of the queue is gone: EXEC answers EXECABORT.</summary>
    Abort,
}
