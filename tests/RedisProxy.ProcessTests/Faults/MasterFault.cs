namespace RedisProxy.ProcessTests.Faults;

/// <summary>How the sessions of <see cref="StateScenario"/> lose their master.</summary>
public enum MasterFault
{
    /// <summary>SIGKILL, with replies under way; Sentinel promotes another one.</summary>
    Killed,

    /// <summary>SIGSTOP, so that nothing is reset; Sentinel promotes another one.</summary>
    Frozen,

    /// <summary>SENTINEL FAILOVER of a master that is well, whose replies are stuck in the network.</summary>
    Planned,

    /// <summary>The connections are reset, with replies under way; the master stays.</summary>
    Cut,
}
