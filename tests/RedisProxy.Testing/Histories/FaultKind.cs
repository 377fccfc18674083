namespace RedisProxy.Testing.Histories;

/// <summary>Faults of a deployment.</summary>
internal enum FaultKind
{
    /// <summary>SENTINEL FAILOVER: the old master continues to acknowledge writes until it is demoted.</summary>
    Planned,

    /// <summary>FAILOVER on the master itself; Sentinel notices afterwards.</summary>
    FailoverCommand,

    /// <summary>SIGKILL; it comes back, empty or with the data in its file, once there is another master.</summary>
    Kill,

    /// <summary>SIGTERM, likewise.</summary>
    Terminate,

    /// <summary>SIGSTOP until there is another master; then it wakes up and still acts as one.</summary>
    Zombie,

    /// <summary>SIGSTOP, shorter than Sentinel's timeout.</summary>
    ShortFreeze,

    /// <summary>SIGKILL, and back at once at the same address with its data.</summary>
    QuickRestart,

    /// <summary>CLIENT KILL TYPE normal on the master.</summary>
    KillClients,

    /// <summary>DEBUG SLEEP on the master: busy, as with a slow command.</summary>
    Sleep,

    /// <summary>A Sentinel is frozen while another one leads a planned failover.</summary>
    SentinelFrozen,

    /// <summary>A Sentinel is killed while another one leads a planned failover, and comes back.</summary>
    SentinelKilled,
}

/// <summary>One step of a schedule.</summary>
/// <param name="Kind">The fault.</param>
/// <param name="Pause">Before it.</param>
/// <param name="Length">Of a freeze or sleep that ends by itself.</param>
/// <param name="Sentinel">Index of the one that leads or is hit.</param>
/// <param name="KeepData">A stopped server comes back with the data in its file; false: empty.</param>
/// <param name="IsDemotedByHand">The old master is made a replica at once; otherwise Sentinel does it, 2 to 3 s later.</param>
internal sealed record FaultStep(
    FaultKind Kind, TimeSpan Pause, TimeSpan Length, int Sentinel, bool KeepData, bool IsDemotedByHand)
{
    /// <summary>Another server normally becomes the master.</summary>
    public bool IsFailover =>
        Kind is not (FaultKind.ShortFreeze or FaultKind.QuickRestart or FaultKind.KillClients or FaultKind.Sleep);

    public override string ToString()
    {
        string detail = Kind switch
        {
            FaultKind.Planned => $" by Sentinel {Sentinel}",
            FaultKind.Kill or FaultKind.Terminate => KeepData ? ", back with its data" : ", back empty",
            FaultKind.ShortFreeze or FaultKind.Sleep => $" for {Length.TotalMilliseconds:0} ms",
            FaultKind.SentinelFrozen or FaultKind.SentinelKilled => $" {Sentinel}",
            _ => "",
        };
        string demotion = IsFailover && IsDemotedByHand ? ", demoted by hand" : "";
        return $"{Pause.TotalMilliseconds:0} ms, then {Kind}{detail}{demotion}";
    }
}
