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
    /// Grows by one with every master that is accepted, and never otherwise. 0: none is known yet. A backend connection of an older
    /// generation is fenced: nothing is sent to it and nothing it says is believed.
    /// </summary>
    public long Generation { get; init; }

    public Availability Availability { get; init; } = Availability.Unknown;

    /// <summary>Null while none is known.</summary>
    public MasterNode? Master { get; init; }

    /// <summary>Sentinel's config epoch of <see cref="Master"/>; 0 without Sentinel.</summary>
    public long Epoch { get; init; }

    /// <summary>
    /// The newest suspicion (see <see cref="ITopologySource.Suspect"/>) that the check behind this view began after. A session that
    /// lost its backend and reported suspicion s may connect again once this is at least s.
    /// </summary>
    public long CoversSuspicion { get; init; }

    /// <summary>What <see cref="Master"/> says of its commands, or the built-in table while it has not.</summary>
    public CommandTable Commands { get; init; } = CommandTable.BuiltIn;

    /// <summary><see cref="Master"/> serves nobody who has not authenticated.</summary>
    public bool DemandsAuthentication { get; init; }

    /// <summary>One sentence on what is waited for, for logs and status; empty while available.</summary>
    public string Reason { get; init; } = "";

    /// <summary>What every known Sentinel says, for status and metrics. Empty without Sentinel.</summary>
    public IReadOnlyList<SentinelOpinion> Sentinels { get; init; } = [];

    /// <summary>As the Sentinels list them, after the address map. Empty without Sentinel.</summary>
    public IReadOnlyList<HostEndpoint> Replicas { get; init; } = [];

    /// <summary>Those of <see cref="Replicas"/> that most of the Sentinels which list them take for down.</summary>
    public IReadOnlyList<HostEndpoint> DownReplicas { get; init; } = [];

    /// <summary>
    /// Of a replica listener: whom its sessions may be served by, instead of <see cref="Master"/>. Empty for a master listener, and while
    /// nobody can serve.
    /// </summary>
    public IReadOnlyList<ReplicaTarget> Targets { get; init; } = [];

    /// <summary>Can requests be sent to <see cref="Master"/> now, at least those that only read?</summary>
    public bool IsServing => Availability is Availability.Available or Availability.ReadsOnly;

    /// <summary>A Sentinel has told a replica to be the master instead of <see cref="Master"/>, and has not seen yet that it is.</summary>
    public bool IsPromoting { get; init; }

    /// <summary>
    /// Can what <see cref="Master"/> says now still be believed? Not while it is taken for down, or a replica has been told to take its
    /// place: what it acknowledges may be thrown away. What it says is read once it is known who the master is.
    /// </summary>
    public bool IsBelieved => Availability != Availability.Down && !IsPromoting;

    /// <summary>May a connection of this generation be used? The targets of a replica listener have each their own.</summary>
    public bool IsCurrent(long generation) =>
        Targets.Count == 0 ? generation == Generation : Targets.Any(target => target.Generation == generation);
}

/// <summary>A master that was accepted.</summary>
/// <param name="Announced">As Sentinel calls it (or as configured, without Sentinel).</param>
/// <param name="Address">Where it is reached from here: after the address map, resolved.</param>
internal sealed record MasterNode(HostEndpoint Announced, IPEndPoint Address);

/// <summary>Can the master take requests?</summary>
internal enum Availability
{
    /// <summary>No master is known yet.</summary>
    Unknown,

    /// <summary>A master was accepted and has not said yet that it is one. The old one is superseded already.</summary>
    Verifying,

    Available,

    /// <summary>No majority of the known Sentinels is reachable and <c>sentinel.requireMajority</c> is set: writes wait.</summary>
    ReadsOnly,

    /// <summary>
    /// A failover is coming while the master still answers (a planned one has begun, or the Sentinels say that the master is down):
    /// nothing new is sent, what is in flight may still be answered.
    /// </summary>
    PlannedHold,

    /// <summary>The master is gone, frozen, loading, or no master any more.</summary>
    Down,
}

/// <summary>What one Sentinel says of one master.</summary>
/// <param name="Sentinel">Its address, as this process reaches it.</param>
/// <param name="IsConnected">It answers now.</param>
/// <param name="Master">
/// Its answer to <c>get-master-addr-by-name</c>, as announced; null when it knows no such master or never answered.
/// </param>
/// <param name="Epoch">Its <c>config-epoch</c>.</param>
/// <param name="Flags">Its <c>flags</c> of the master, comma-separated as on the wire.</param>
/// <param name="Error">Why there is no answer, or why it is not believed; empty when there is nothing to say.</param>
internal sealed record SentinelOpinion(
    HostEndpoint Sentinel, bool IsConnected, HostEndpoint? Master, long Epoch, string Flags, string Error)
{
    /// <summary>It answers and watches other masters, so it has no say in this one.</summary>
    public bool HasNoSay { get; init; }

    /// <summary>Another address led to this Sentinel already, so it is counted there; see <see cref="Error"/>.</summary>
    public bool IsKnownOtherwise { get; init; }

    /// <summary>Its <c>quorum</c> of the master; 0 while it has not said it.</summary>
    public int Quorum { get; init; }
}
