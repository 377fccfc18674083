using System.Diagnostics.Metrics;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>What failovers cost, by master and kind: the sums of <see cref="FailoverCost"/>.</summary>
internal static class FailoverMetrics
{
    private const string Prefix = "redisproxy_failover_";

    private static readonly (string Outcome, Func<RequestCost, long> Read)[] Outcomes =
    [
        ("held", static cost => cost.Held),
        ("not_executed", static cost => cost.NotExecuted),
        ("unknown", static cost => cost.Unknown),
        ("resent", static cost => cost.Resent),
    ];

    public static void AddTo(Meter meter, TopologyService topology)
    {
        meter.CreateObservableCounter(
            Prefix + "requests",
            () => Costs(topology).SelectMany(static of => Outcomes.Select(outcome => new Measurement<long>(
                outcome.Read(of.Cost), [.. of.Tags, new("outcome", outcome.Outcome)]))),
            description: "Requests touched by failovers, by what became of them. A held one may have been resent, or not executed.");
        meter.CreateObservableCounter(
            Prefix + "sessions_ended",
            () => Costs(topology).Select(static of => new Measurement<long>(of.Cost.SessionsEnded.Values.Sum(), of.Tags)),
            description: "Sessions that ended in failovers, without those whose clients left with nothing pending.");
        meter.CreateObservableGauge(
            Prefix + "longest_wait_seconds",
            () => Costs(topology).Select(static of => new Measurement<double>(of.Cost.LongestWaitSeconds, of.Tags)),
            "s",
            "The longest time that a request was held in a failover since the start.");
    }

    private static IEnumerable<(RequestCost Cost, KeyValuePair<string, object?>[] Tags)> Costs(TopologyService topology) =>
        from source in topology.Sources
        from kind in Enum.GetValues<FailoverKind>()
        let tags = new KeyValuePair<string, object?>[] { new("master", source.Current.MasterName), new("kind", Labels.Of(kind)) }
        select (source.Failovers.CostOf(kind), tags);
}
