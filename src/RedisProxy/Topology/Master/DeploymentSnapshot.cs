using System.Net;

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

    /// <param name="votes">One for each known Sentinel.</param>
    /// <param name="accepted">The master; null when none was accepted yet.</param>
    /// <param name="predecessor">Its predecessor, as long as the Sentinels' lists are still about that one.</param>
    /// <param name="policy">Maps announced addresses.</param>
    public static DeploymentSnapshot Of(
        IReadOnlyCollection<SentinelVote> votes, MasterCandidate? accepted, IPEndPoint? predecessor, AddressPolicy policy)
    {
        HostEndpoint? master = accepted is not null ? policy.Map(accepted.Announced) : null;

        // Without any Sentinel the last known replicas stay: they are still asked for their roles, and still serve.
        bool isAnyReachable = votes.Any(vote => vote.IsReachable);
        SentinelVote[] naming = [.. votes.Where(vote => vote.IsReachable == isAnyReachable && vote.Address is not null)];
        SentinelVote[] agreeing =
            [.. naming.Where(vote => vote.Address!.Equals(accepted?.Address) || vote.Address.Equals(predecessor))];

        // When all of them have gone over to another master, its deployment is still the same one.
        SentinelLists[] lists =
            [.. (agreeing.Length > 0 || accepted is null ? agreeing : naming).Select(vote => vote.Report.Lists)];
        var replicas = lists.SelectMany(list => list.Replicas).GroupBy(policy.Map).Where(group => group.Key != master)
            .OrderBy(group => group.Key.ToString(), StringComparer.Ordinal).ToList();
        ILookup<HostEndpoint, HostEndpoint> down = lists.SelectMany(list => list.DownReplicas).ToLookup(policy.Map);
        return new DeploymentSnapshot(
            [.. votes.Select(vote => vote.ToOpinion())], [.. replicas.Select(group => group.Key)], StopsWrites: false)
        {
            DownReplicas = [.. replicas.Where(group => down[group.Key].Count() > group.Count() / 2).Select(group => group.Key)],
        };
    }

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
