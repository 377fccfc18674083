using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Failover;

/// <summary>
/// The plan of a failover on demand, and the objections to it. Owns the connections that it uses.
/// </summary>
/// <param name="MasterName">Sentinel's name for it.</param>
/// <param name="Sentinel">The one that will receive the order.</param>
/// <param name="Master">The present one; null when none can be reached.</param>
/// <param name="Replicas">Those that Sentinel may choose: up, linked to the master, with a priority above 0.</param>
/// <param name="Checks">Those that were made.</param>
internal sealed record FailoverPlan(
    string MasterName,
    HostEndpoint? Sentinel,
    ServerConnection? Master,
    IReadOnlyList<ServerConnection> Replicas,
    IReadOnlyList<FailoverCheck> Checks) : IAsyncDisposable
{
    /// <summary>Of the checks; with any of them the failover is refused unless forced.</summary>
    public IReadOnlyList<string> Objections => [.. Checks.SelectMany(static check => check.Objections)];

    /// <summary>
    /// The replicas of the lowest priority: Sentinel promotes one of them (redis.conf, replica-priority). Of several it takes the one with
    /// the most of the master's data, as far as it knows, then the one with the smallest run id.
    /// </summary>
    public IReadOnlyList<HostEndpoint> Candidates { get; init; } = [];

    /// <summary>The connected Sentinels besides <see cref="Sentinel"/>: they are asked, and receive no order.</summary>
    public IReadOnlyList<HostEndpoint> OtherSentinels { get; init; } = [];

    /// <summary>Replicas that have been down for long. No objections, as long as they stay away.</summary>
    public IReadOnlyList<ListedReplica> LeftOut { get; init; } = [];

    /// <summary>Without these a failover is impossible, forced or not.</summary>
    public bool IsPossible => Sentinel is not null && Master is not null && Replicas.Count > 0;

    /// <param name="isForced">Objections do not matter.</param>
    public bool MayGo(bool isForced) => IsPossible && (isForced || Objections.Count == 0);

    public async ValueTask DisposeAsync()
    {
        foreach (ServerConnection server in Master is null ? Replicas : [.. Replicas, Master])
        {
            await server.DisposeAsync();
        }
    }
}
