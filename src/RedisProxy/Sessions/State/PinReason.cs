namespace RedisProxy.Sessions;

/// <summary>
/// State that cannot be replayed on a new backend, so that a failover closes the session. Anything unknown counts as
/// <see cref="UnknownState"/>.
/// </summary>
internal enum PinReason : byte
{
    None,

    /// <summary>A MULTI contained changes of the connection's state, and EXEC's reply was too large to see which were applied.</summary>
    StateInTransaction,

    PubSub,
    Monitor,
    Replication,
    Tracking,
    ReplyMode,
    Debug,
    UnknownState,
}
