namespace RedisProxy.Sessions;

/// <summary>Whoever goes through a gate, and is told when it changes.</summary>
internal interface IGateUser
{
    bool IsEnded { get; }

    /// <summary>The master is about to be doubted: what came from it in time still counts.</summary>
    void TakeWhatCameInTime();

    /// <summary>There is another master. A link to an older one is given up, before any user connects.</summary>
    void FenceIfSuperseded();

    /// <summary>The way was opened or shut.</summary>
    void OnGateChanged();
}
