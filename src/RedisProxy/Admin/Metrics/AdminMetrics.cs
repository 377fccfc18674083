using System.Diagnostics.Metrics;

namespace RedisProxy.Admin;

/// <summary>What the admin surface counts of itself.</summary>
internal static class AdminMetrics
{
    private const string Prefix = "redisproxy_admin_";

    public static void AddTo(Meter meter, AdminConnections connections, OperatorAccess access)
    {
        meter.CreateObservableGauge(
            Prefix + "connections", () => (long)connections.Count, description: "Connections to the admin surface now.");
        meter.CreateObservableCounter(
            Prefix + "connections_ended",
            () => connections.Ended,
            description: "Connections to the admin surface that were closed because newer ones needed their place.");
        meter.CreateObservableCounter(
            Prefix + "refused",
            () => Enum.GetValues<AdminRefusal>().Select(reason => new Measurement<long>(
                access.RefusalsFor(reason), new KeyValuePair<string, object?>("reason", Labels.Of(reason)))),
            description: "Requests to the admin surface that were refused, by reason; wrong tokens are somebody who guesses.");
    }
}
