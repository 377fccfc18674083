namespace RedisProxy.Sessions;

/// <summary>What a session's requests ask of the parts that carry them.</summary>
internal interface ISessionParts
{
    SessionSettings Settings { get; }

    SessionCounters Counters { get; }

    /// <summary>There may be something to receive from the client, or to send to the backend.</summary>
    void WakeRequests();

    /// <summary>There may be something to say to the client.</summary>
    void WakeReplies();

    /// <summary>There is a request, and no link.</summary>
    void WakeKeeper();

    /// <summary>Requests have waited too long and are given up: what belongs to them follows.</summary>
    void OnExpired();
}
