using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>What a view shows of the Sentinel deployment, besides the master.</summary>
/// <param name="Opinions">One for each known Sentinel.</param>
/// <param name="Replicas">Mapped.</param>
/// <param name="StopsWrites">No majority is reachable, and one is required.</param>
internal sealed record DeploymentSnapshot(
    IReadOnlyList<SentinelOpinion> Opinions, IReadOnlyList<HostEndpoint> Replicas, bool StopsWrites)
{
    /// <summary>Those of <see cref="Replicas"/> that most of the Sentinels listing them report down.</summary>
    public IReadOnlyList<HostEndpoint> DownReplicas { get; init; } = [];

    public static DeploymentSnapshot None { get; } = new([], [], false);

    public TopologyView Complete(TopologyView view)
    {
        bool isReadsOnly = StopsWrites && view.Availability == Availability.Available;
        return view with
        {
            Availability = isReadsOnly ? Availability.ReadsOnly : view.Availability,
            Reason = isReadsOnly ? "no majority of the Sentinels is reachable" : view.Reason,
            Sentinels = Opinions,
            Replicas = Replicas,
            DownReplicas = DownReplicas,
        };
    }

    /// <summary>This, with the lists of <paramref name="old"/> where their contents are equal, so that equal views compare equal.</summary>
    public DeploymentSnapshot Reuse(DeploymentSnapshot old) => new(
        Opinions.SequenceEqual(old.Opinions) ? old.Opinions : Opinions,
        Replicas.SequenceEqual(old.Replicas) ? old.Replicas : Replicas,
        StopsWrites)
    {
        DownReplicas = DownReplicas.SequenceEqual(old.DownReplicas) ? old.DownReplicas : DownReplicas,
    };
}
