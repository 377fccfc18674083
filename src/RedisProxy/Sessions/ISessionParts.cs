namespace RedisProxy.Sessions;

/// <summary>What a session's requests need from the parts that carry them.</summary>
internal interface ISessionParts : ILeaseWaiter
{
    SessionSettings Settings { get; }

    SessionCounters Counters { get; }

    /// <summary>There is a request but no link.</summary>
    void WakeKeeper();

    /// <summary>The session gets a link, of its own or a share of one.</summary>
    void Attach(BackendLink link);

    /// <summary>The session has no link any more; nothing of it is in flight.</summary>
    void Detach();

    /// <summary>The session ends. The first cause is kept; later ones change nothing.</summary>
    /// <param name="cause">Not <see cref="EndCause.None"/>.</param>
    /// <param name="abort">With RST: the last reply was cut off and must not look complete.</param>
    void End(EndCause cause, bool abort = false);

    /// <summary>Requests have waited too long and are given up; requests that depend on them follow.</summary>
    void OnExpired();
}
