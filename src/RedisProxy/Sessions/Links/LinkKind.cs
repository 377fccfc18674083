namespace RedisProxy.Sessions;

/// <summary>What a session of a shared listener has to the server, and what becomes of a connection that no session needs.</summary>
internal enum LinkKind : byte
{
    /// <summary>A session without a link: it needs none, or there is none to be had.</summary>
    None,

    /// <summary>Sessions of one identity have a part in it.</summary>
    Shared,

    /// <summary>One session has it for itself.</summary>
    Dedicated,

    /// <summary>A connection without a session, until the next one that needs a link of its own, or until it is closed.</summary>
    Kept,
}

/// <summary>Why a session of a shared listener has a link of its own.</summary>
internal enum DedicatedReason : byte
{
    None,

    /// <summary>AUTH or HELLO: no shared link has the identity that it leads to.</summary>
    Authentication,

    /// <summary>SELECT, likewise.</summary>
    Database,

    /// <summary>A transaction that has not arrived as a whole, or WATCH.</summary>
    Transaction,

    Subscription,
    Blocking,
    Wait,
    Tracking,
    ReplyMode,

    /// <summary>A command about its own connection, such as CLIENT ID, MONITOR or RESET.</summary>
    OwnConnection,

    /// <summary>A command that is unknown, administrative, of a module, or inline.</summary>
    Command,

    /// <summary>A request over 64 KiB.</summary>
    LargeRequest,

    /// <summary>Replies over 32 KiB, a client that does not read, or one that is more than 64 KiB ahead.</summary>
    LargeReplies,
}
