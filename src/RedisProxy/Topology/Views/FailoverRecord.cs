using System.Net;

namespace RedisProxy.Topology;

/// <summary>The kind of outage, as an operator would call it.</summary>
internal enum FailoverKind
{
    /// <summary>Requested by someone at a Sentinel: the old master was healthy.</summary>
    Planned,

    /// <summary>The old master was lost, and another one took over.</summary>
    Unplanned,

    /// <summary>The same master came back at the same address.</summary>
    Restart,

    /// <summary>Requested of this proxy (<c>RedisProxy failover</c>).</summary>
    OnDemand,

    /// <summary>Requests were held for a failover that came to nothing; the master is the same.</summary>
    FalseAlarm,

    /// <summary>An operator had requests held; the master is the same.</summary>
    Pause,
}

/// <summary>
/// One failover, or another time in which requests were held: its timeline, and what it cost. Everything that tells of it reads this
/// record. The offsets are relative to <see cref="FirstSignAt"/> and independent of the wall clock.
/// </summary>
internal sealed record FailoverRecord
{
    /// <summary>1 for the first since the start; grows by one.</summary>
    public long Number { get; init; }

    public required FailoverKind Kind { get; init; }

    /// <summary>An event, a failed probe, a suspicion, a flag: whichever came first.</summary>
    public required DateTimeOffset FirstSignAt { get; init; }

    /// <summary>The same moment as a timestamp of the proxy's clock.</summary>
    public long FirstSign { get; init; }

    /// <summary>When the new master was accepted, and so the old one fenced; null if the master stayed the same.</summary>
    public TimeSpan? AcceptedAfter { get; init; }

    /// <summary>When it was confirmed to take requests; null until then.</summary>
    public TimeSpan? AvailableAfter { get; init; }

    public required IPEndPoint Old { get; init; }

    public required IPEndPoint New { get; init; }

    public long Epoch { get; init; }

    /// <summary>The Sentinels that reported it.</summary>
    public string Who { get; init; } = "";

    /// <summary>
    /// What it cost; null until its sessions have continued. Of several failovers in one outage, only the last one has it, for all of them.
    /// </summary>
    public FailoverCost? Cost { get; init; }

    /// <summary>A master was lost or replaced. Otherwise requests were only held.</summary>
    public bool IsFailover => Kind is not (FailoverKind.FalseAlarm or FailoverKind.Pause);

    /// <summary>From where to where, for people.</summary>
    public string Way => Old.Equals(New) ? $"{Old}" : $"{Old} → {New}";
}
