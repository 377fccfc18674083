using System.Diagnostics.Metrics;

using RedisProxy.Configuration;

namespace RedisProxy.Admin;

/// <summary>The metrics of the admin surface itself.</summary>
internal static class AdminMetrics
{
    private const string Prefix = "redisproxy_admin_";

    public static void AddTo(Meter meter, AdminConnections connections, OperatorAccess access)
    {
        meter.CreateObservableGauge(
            Prefix + "connections", () => (long)connections.Count, description: "Open connections to the admin surface.");
        meter.CreateObservableCounter(
            Prefix + "connections_ended",
            () => connections.Ended,
            description: "Connections to the admin surface closed to make room for newer ones.");
        meter.CreateObservableCounter(
            Prefix + "refused",
            () => Enum.GetValues<AdminRefusal>().Select(reason => new Measurement<long>(
                access.RefusalsFor(reason), new KeyValuePair<string, object?>("reason", Labels.Of(reason)))),
            description: "Requests refused by the admin surface, by reason; wrong tokens suggest guessing.");
    }
}
