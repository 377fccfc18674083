namespace RedisProxy.Sessions;

/// <summary>State that cannot be said again on a new backend, so that a failover closes the session. What is listed is not movable yet,
/// or never will be; whatever is unknown counts as <see cref="UnknownState"/>.</summary>
internal enum PinReason : byte
{
    None,

    /// <summary>MULTI was sent and neither EXEC nor DISCARD.</summary>
    Transaction,

    /// <summary>WATCH was sent and neither EXEC, DISCARD nor UNWATCH.</summary>
    Watch,

    /// <summary>Connection state was changed inside MULTI; what of it came true is not followed.</summary>
    StateInTransaction,

    PubSub,
    Monitor,
    Replication,
    Tracking,
    ReplyMode,
    Debug,
    UnknownState,
}
