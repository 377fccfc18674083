namespace RedisProxy.Sessions;

/// <summary>Connections behind a gate that belong to no single one of its users.</summary>
internal interface IGateLinks
{
    /// <summary>The master is about to become doubtful, or was superseded: what it has sent goes to the users first.</summary>
    void TakeArrived();

    /// <summary>There is a new master, and the users have dropped their links to an older one.</summary>
    void FenceIfSuperseded();

    /// <summary>The gate was opened or shut.</summary>
    void WakeWaiting();
}
