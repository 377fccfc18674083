namespace RedisProxy.Testing.Histories;

/// <summary>What is done to a deployment.</summary>
internal enum FaultKind
{
    /// <summary>SENTINEL FAILOVER: the old master goes on to acknowledge writes until it is demoted.</summary>
    Planned,

    /// <summary>FAILOVER on the master itself; Sentinel learns of it afterwards.</summary>
    FailoverCommand,

    /// <summary>SIGKILL; it comes back, empty or with what its file has, when another one is the master.</summary>
    Kill,

    /// <summary>SIGTERM, likewise.</summary>
    Terminate,

    /// <summary>SIGSTOP until another one is the master; then it wakes up and still believes that it is one.</summary>
    Zombie,

    /// <summary>SIGSTOP, shorter than Sentinel waits.</summary>
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
/// <param name="Kind">What is done.</param>
/// <param name="Pause">Before it.</param>
/// <param name="Length">Of a freeze or a sleep that ends by itself.</param>
/// <param name="Sentinel">Which one leads or is hit, as an index.</param>
/// <param name="KeepData">A server that was ended comes back with what its file has; false: empty.</param>
/// <param name="IsDemotedByHand">The old master is told at once that it is a replica; else Sentinel does it, 2 to 3 s later.</param>
internal sealed record FaultStep(
    FaultKind Kind, TimeSpan Pause, TimeSpan Length, int Sentinel, bool KeepData, bool IsDemotedByHand)
{
    /// <summary>Another server becomes the master, if all goes as usual.</summary>
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
