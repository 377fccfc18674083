using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Failover;

/// <summary>
/// What a failover on demand would do, and what speaks against it. Holds the connections that it is done with.
/// </summary>
/// <param name="MasterName">Sentinel's name of it.</param>
/// <param name="Sentinel">The one that will be told.</param>
/// <param name="Master">The present one; null when none can be reached.</param>
/// <param name="Replicas">Those that Sentinel may choose: up, linked to the master, with a priority above 0.</param>
/// <param name="Objections">Sentences; with any of them it is not done unless forced.</param>
internal sealed record FailoverPlan(
    string MasterName,
    HostEndpoint? Sentinel,
    ServerConnection? Master,
    IReadOnlyList<ServerConnection> Replicas,
    IReadOnlyList<string> Objections) : IAsyncDisposable
{
    /// <summary>The connected Sentinels beside <see cref="Sentinel"/>: they are asked, and told nothing.</summary>
    public IReadOnlyList<HostEndpoint> OtherSentinels { get; init; } = [];

    /// <summary>Without these it cannot be done, forced or not.</summary>
    public bool IsPossible => Sentinel is not null && Master is not null && Replicas.Count > 0;

    public async ValueTask DisposeAsync()
    {
        foreach (ServerConnection server in Master is null ? Replicas : [.. Replicas, Master])
        {
            await server.DisposeAsync();
        }
    }
}
