namespace RedisProxy.Sessions;

/// <summary>What becomes of a reply to a request.</summary>
internal enum ReplyFate : byte
{
    Relayed,

    /// <summary>The client did not want it (CLIENT REPLY).</summary>
    Dropped,

    /// <summary>Relayed, and not the last one of its request: a subscribe request has one per channel.</summary>
    FollowedByMore,

    /// <summary>It cannot be the reply to this request, so later replies cannot be matched either.</summary>
    NotUnderstood,
}
