using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Failover;

/// <summary>
/// A failover on demand for whoever stops servers one after the other: only if the named server is the master, again while something
/// speaks against it, and followed by a wait for the replicas, because the next server to stop may be the one that all others need.
/// Several callers at once do no harm: only one of them names the master, and the others are told so once that failover is over.
/// </summary>
internal sealed class PatientFailover(LosslessFailover failover, TopologyService topology, TopologyContext context)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);
    private static readonly ReplicaOptions Limits = new();

    /// <param name="source">Of the master.</param>
    /// <param name="demand">What is asked for.</param>
    /// <param name="cancel">The caller is gone: nothing is begun any more. What has begun is completed.</param>
    public async Task<FailoverResult> RunAsync(ITopologySource source, FailoverDemand demand, CancellationToken cancel)
    {
        long begun = context.Time.GetTimestamp();
        while (true)
        {
            // Of two callers that name no server, the second would move the master back.
            bool isAnothers = demand.Server is null && failover.IsUnderWay;
            FailoverResult result = await TryAsync(source, demand, cancel);
            if (result.End == FailoverEnd.Done && demand.Wait > TimeSpan.Zero)
            {
                return result with { Steps = [.. result.Steps, await AwaitReplicasAsync(source, demand, begun, cancel)] };
            }

            if (result.End != FailoverEnd.Refused || isAnothers || context.Time.GetElapsedTime(begun) >= demand.Wait)
            {
                return result;
            }

            await Task.Delay(LookInterval, context.Time, cancel);
        }
    }

    private async Task<FailoverResult> TryAsync(ITopologySource source, FailoverDemand demand, CancellationToken cancel)
    {
        if (demand.Server is not { } server || !ServerName.TryParse(server, out ServerName? name))
        {
            return await GoAsync(demand);
        }

        // Otherwise the named server may become the master in a moment, or may just have been it.
        TopologyView view = source.Current;
        if (!IsSettled(view) || failover.IsUnderWay)
        {
            string why = failover.IsUnderWay
                ? "another one is in progress"
                : $"the master of '{view.MasterName}' is not available now: {view.Reason}";
            return FailoverResult.Refused([why]);
        }

        NamedServer named = await name.FindAsync(view, context, cancel);
        if (source.Current.Generation != view.Generation || !IsSettled(source.Current) || failover.IsUnderWay)
        {
            return FailoverResult.Refused(["the master changed meanwhile"]);
        }

        string servers = $"the master of '{view.MasterName}' is {view.Master!.Announced}; replicas: {string.Join(", ", view.Replicas)}";
        return named switch
        {
            NamedServer.Master => await GoAsync(demand),
            NamedServer.Unknown => FailoverResult.Refused([$"the address of {server} cannot be found; {servers}"]),
            NamedServer.Several => FailoverResult.Refused([$"{server} may be the master or another server, name it in full; {servers}"]),
            _ => FailoverResult.NotTheMaster(
                $"{server} is not the master of '{view.MasterName}', which is {view.Master.Announced}; "
                + $"replicas: {string.Join(", ", view.Replicas)}"),
        };
    }

    private Task<FailoverResult> GoAsync(FailoverDemand demand) => demand.IsDryRun
        ? failover.TryOutAsync(demand.MasterName, demand.IsForced)
        : failover.RunAsync(demand.MasterName, demand.IsForced);

    private static bool IsSettled(TopologyView view) =>
        view is { Availability: Availability.Available, IsPromoting: false, Master: not null };

    // The old master as well: it may have been named for another reason than its end.
    private async Task<string> AwaitReplicasAsync(ITopologySource source, FailoverDemand demand, long begun, CancellationToken cancel)
    {
        while (true)
        {
            TopologyView view = source.Current;
            ReplicationView? replication = topology.ReplicationOf(demand.MasterName);
            string[] missing =
            [
                .. (replication?.Replicas ?? []).Where(replica => !view.DownReplicas.Contains(replica.Endpoint))
                    .Select(replica => (replica.Endpoint, Objection: ReplicaHealth.Objection(replica, view, Limits, mayLackLink: false)))
                    .Where(replica => replica.Objection is not null)
                    .Select(replica => $"{replica.Endpoint}: {replica.Objection}"),
            ];
            bool isInSync = replication is { Replicas.Count: > 0 } && missing.Length == 0;
            if (isInSync || cancel.IsCancellationRequested || context.Time.GetElapsedTime(begun) >= demand.Wait)
            {
                return isInSync ? "the replicas are in sync" : $"not every replica is in sync: {string.Join("; ", missing)}";
            }

            // What has been done is answered, and logged, even if the caller has left.
            await Task.Delay(LookInterval, context.Time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

/// <summary>What is asked for.</summary>
/// <param name="MasterName">Sentinel's name of the master.</param>
/// <param name="IsForced">Despite objections.</param>
/// <param name="Wait">While there are objections, and afterwards for the replicas, in all. Zero: once, and for none.</param>
/// <param name="Server">Only if it is the master, as of <see cref="ServerName"/>; null: whichever it is.</param>
internal sealed record FailoverDemand(string MasterName, bool IsForced, TimeSpan Wait, string? Server)
{
    /// <summary>Only the checks, now.</summary>
    public bool IsDryRun { get; init; }
}
