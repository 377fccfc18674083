using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Where a connection stands with MULTI and WATCH. A value, so that the requests of a pipeline that were sent and not answered can be
/// followed ahead without committing to it.
/// </summary>
/// <param name="IsOpen">Between MULTI and its end.</param>
/// <param name="IsWatching">Between WATCH and its end.</param>
internal readonly record struct TransactionState(bool IsOpen, bool IsWatching)
{
    public PinReason Pin => IsOpen ? PinReason.Transaction : IsWatching ? PinReason.Watch : PinReason.None;

    /// <summary>
    /// The state once this command was answered. When in doubt it stays open: closing a session needlessly is honest, moving it is not.
    /// </summary>
    public TransactionState After(CommandKind kind, bool isError, bool isExecAborted) => kind switch
    {
        CommandKind.Multi when !isError => this with { IsOpen = true },
        CommandKind.Watch when !isError && !IsOpen => this with { IsWatching = true },
        CommandKind.Exec when !isError || isExecAborted => default,
        CommandKind.Discard or CommandKind.Reset when !isError => default,
        CommandKind.Unwatch when !isError && !IsOpen => this with { IsWatching = false },
        _ => this,
    };
}
