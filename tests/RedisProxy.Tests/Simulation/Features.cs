namespace RedisProxy.Tests.Simulation;

/// <summary>What a run has beyond the ordinary.</summary>
[Flags]
public enum Features
{
    None = 0,

    /// <summary>Sessions share links.</summary>
    SharedLinks = 1,

    /// <summary>Writes are acknowledged when replicas have them, and replicas lag and freeze.</summary>
    Durable = 2,

    /// <summary>Sessions are passed between two processes, again and again.</summary>
    TakeOvers = 4,
}
