namespace RedisProxy.Sessions;

/// <summary>A user of a gate, notified when the gate changes.</summary>
internal interface IGateUser
{
    bool IsEnded { get; }

    /// <summary>The master is about to become doubtful: what it sent in time still counts.</summary>
    void TakeRepliesInTime();

    /// <summary>There is a new master. Links to an older one are dropped before any user connects.</summary>
    void FenceIfSuperseded();

    /// <summary>The gate was opened or shut.</summary>
    void OnGateChanged();
}
