namespace RedisProxy.Sessions;

/// <summary>What becomes of a reply that answers a request.</summary>
internal enum ReplyFate : byte
{
    Relayed,

    /// <summary>The client did not want to hear it (CLIENT REPLY).</summary>
    Dropped,

    /// <summary>Relayed, and it is not the last one of its request: a request to subscribe has one for each channel.</summary>
    FollowedByMore,

    /// <summary>It cannot be the reply to this request, so what comes next cannot be told either.</summary>
    NotUnderstood,
}
