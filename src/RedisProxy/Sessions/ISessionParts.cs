namespace RedisProxy.Sessions;

/// <summary>What a session's requests need from the parts that carry them.</summary>
internal interface ISessionParts : ILeaseWaiter
{
    SessionSettings Settings { get; }

    SessionCounters Counters { get; }

    /// <summary>There is a request but no link.</summary>
    void WakeKeeper();

    /// <summary>Requests have waited too long and are given up; requests that depend on them follow.</summary>
    void OnExpired();
}
