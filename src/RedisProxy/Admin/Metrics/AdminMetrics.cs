using System.Diagnostics.Metrics;

using RedisProxy.Configuration;
using RedisProxy.Transport;

namespace RedisProxy.Admin;

/// <summary>The metrics of the admin surface itself, and of what operators change: the configuration, and certificates.</summary>
internal sealed class AdminMetrics(AdminConnections connections, OperatorAccess access, ConfigurationReload reload, TlsSetup tls)
{
    public void AddTo(Meter meter)
    {
        meter.CreateObservableGauge(
            "redisproxy_admin_connections", () => (long)connections.Count, description: "Open connections to the admin surface.");
        meter.CreateObservableCounter(
            "redisproxy_admin_connections_ended",
            () => connections.Ended,
            description: "Connections to the admin surface closed to make room for newer ones.");
        meter.CreateObservableCounter(
            "redisproxy_admin_refused",
            () => Enum.GetValues<AdminRefusal>().Select(reason => new Measurement<long>(
                access.RefusalsFor(reason), new KeyValuePair<string, object?>("reason", Labels.Of(reason)))),
            description: "Requests refused by the admin surface, by reason; wrong tokens suggest guessing.");
        meter.CreateObservableCounter(
            "redisproxy_reloads",
            () => new[]
            {
                new Measurement<long>(reload.Taken, new KeyValuePair<string, object?>("result", "taken")),
                new Measurement<long>(reload.Refused, new KeyValuePair<string, object?>("result", "refused")),
            },
            description: "Reloads of the configuration, by result, changed secrets included; a refused one has changed nothing.");
        meter.CreateObservableGauge(
            "redisproxy_config_last_reload_successful",
            () => reload.WasLastTaken ? 1L : 0,
            description: "0 when the last reload was refused, so that the configuration in effect is an older one.");
        meter.CreateObservableGauge(
            "redisproxy_certificate_expiry_timestamp_seconds",
            () => tls.Certificates.Select(static one => new Measurement<long>(
                new DateTimeOffset(one.Certificate.NotAfter.ToUniversalTime()).ToUnixTimeSeconds(),
                new KeyValuePair<string, object?>("section", one.Section))),
            unit: "s",
            description: "When each certificate in use expires, in seconds since 1970, by the section of the configuration.");
    }
}
