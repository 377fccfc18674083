using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Resp;

namespace RedisProxy.Topology;

/// <summary>
/// What is known of one master at one moment. Immutable; a new one replaces it. Posted to every loop, it is all that the data plane
/// ever learns of Sentinel.
/// </summary>
internal sealed record TopologyView
{
    /// <summary>Sentinel's name of the master; the listener's name without Sentinel.</summary>
    public required string MasterName { get; init; }

    /// <summary>
    /// Grows by one with every accepted master, and never otherwise. 0: none is known yet. A backend connection of an older
    /// generation is fenced: nothing is sent to it and none of its replies is trusted.
    /// </summary>
    public long Generation { get; init; }

    public Availability Availability { get; init; } = Availability.Unknown;

    /// <summary>Null while none is known.</summary>
    public MasterNode? Master { get; init; }

    /// <summary>Sentinel's config epoch of <see cref="Master"/>; 0 without Sentinel.</summary>
    public long Epoch { get; init; }

    /// <summary>
    /// The newest suspicion (see <see cref="ITopologySource.Suspect"/>) that the probe behind this view began after. A session that
    /// lost its backend and reported suspicion s may reconnect once this is at least s.
    /// </summary>
    public long CoversSuspicion { get; init; }

    /// <summary>The command table of <see cref="Master"/>, or the built-in one until it has answered.</summary>
    public CommandTable Commands { get; init; } = CommandTable.BuiltIn;

    /// <summary><see cref="Master"/> serves no client that has not authenticated.</summary>
    public bool DemandsAuthentication { get; init; }

    /// <summary>One sentence on what is missing, for logs and status; empty while available.</summary>
    public string Reason { get; init; } = "";

    /// <summary>What every known Sentinel reports, for status and metrics. Empty without Sentinel.</summary>
    public IReadOnlyList<SentinelOpinion> Sentinels { get; init; } = [];

    /// <summary>As the Sentinels list them, after the address map. Empty without Sentinel.</summary>
    public IReadOnlyList<HostEndpoint> Replicas { get; init; } = [];

    /// <summary>Those of <see cref="Replicas"/> that most of the Sentinels listing them report down.</summary>
    public IReadOnlyList<HostEndpoint> DownReplicas { get; init; } = [];

    /// <summary>
    /// Of a replica listener: the servers its sessions may use, instead of <see cref="Master"/>. Empty for a master listener, and while
    /// no server is usable.
    /// </summary>
    public IReadOnlyList<ReplicaTarget> Targets { get; init; } = [];

    /// <summary>Can requests be sent to <see cref="Master"/> now, at least reads?</summary>
    public bool IsServing => Availability is Availability.Available or Availability.ReadsOnly;

    /// <summary>A Sentinel has ordered a replica to replace <see cref="Master"/>, and has not confirmed the promotion yet.</summary>
    public bool IsPromoting { get; init; }

    /// <summary>
    /// Can replies of <see cref="Master"/> still be trusted? Not while it is considered down, or a replica has been ordered to replace
    /// it: what it acknowledges may be lost. Its replies are read once the election is over.
    /// </summary>
    public bool IsTrusted => Availability != Availability.Down && !IsPromoting;

    /// <summary>May a connection of this generation be used? Each target of a replica listener has its own generation.</summary>
    public bool IsCurrent(long generation) =>
        Targets.Count == 0 ? generation == Generation : Targets.Any(target => target.Generation == generation);
}

/// <summary>An accepted master.</summary>
/// <param name="Announced">Its address as Sentinel announces it (or as configured, without Sentinel).</param>
/// <param name="Address">Where it is reached from here: after the address map, resolved.</param>
internal sealed record MasterNode(HostEndpoint Announced, IPEndPoint Address);

/// <summary>Can the master take requests?</summary>
internal enum Availability
{
    /// <summary>No master is known yet.</summary>
    Unknown,

    /// <summary>A master was accepted but has not confirmed its role yet. The old one is already superseded.</summary>
    Verifying,

    Available,

    /// <summary>No majority of the known Sentinels is reachable and <c>sentinel.requireMajority</c> is set: writes wait.</summary>
    ReadsOnly,

    /// <summary>
    /// A failover is coming while the master still answers (a planned one has begun, or the Sentinels report the master down):
    /// nothing new is sent, requests in flight may still be answered.
    /// </summary>
    PlannedHold,

    /// <summary>The master is lost, frozen, loading, or no longer a master.</summary>
    Down,
}

/// <summary>What one Sentinel reports about one master.</summary>
/// <param name="Sentinel">Its address, as this process reaches it.</param>
/// <param name="IsConnected">It answers now.</param>
/// <param name="Master">
/// Its answer to <c>get-master-addr-by-name</c>, as announced; null when it knows no such master or never answered.
/// </param>
/// <param name="Epoch">Its <c>config-epoch</c>.</param>
/// <param name="Flags">Its <c>flags</c> of the master, comma-separated as on the wire.</param>
/// <param name="Error">Why there is no answer, or why it is not trusted; empty when there is no objection.</param>
internal sealed record SentinelOpinion(
    HostEndpoint Sentinel, bool IsConnected, HostEndpoint? Master, long Epoch, string Flags, string Error)
{
    /// <summary>It answers but monitors other masters, so it has no vote on this one.</summary>
    public bool HasNoSay { get; init; }

    /// <summary>Another address led to this Sentinel already, so it is counted there; see <see cref="Error"/>.</summary>
    public bool IsKnownOtherwise { get; init; }

    /// <summary>Its <c>quorum</c> for the master; 0 until it has reported it.</summary>
    public int Quorum { get; init; }
}
