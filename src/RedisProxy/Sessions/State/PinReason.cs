namespace RedisProxy.Sessions;

/// <summary>
/// State that cannot be said again on a new backend, so that a failover closes the session. Whatever is unknown counts as
/// <see cref="UnknownState"/>.
/// </summary>
internal enum PinReason : byte
{
    None,

    /// <summary>Connection state was changed inside MULTI, and EXEC's reply was too large to see what of it came true.</summary>
    StateInTransaction,

    PubSub,
    Monitor,
    Replication,
    Tracking,
    ReplyMode,
    Debug,
    UnknownState,
}
