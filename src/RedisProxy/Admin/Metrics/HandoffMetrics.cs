using System.Diagnostics.Metrics;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Sessions;

namespace RedisProxy.Admin;

/// <summary>What clients of listeners with <c>handoffs</c> are told. Other listeners have no series of these.</summary>
internal static class HandoffMetrics
{
    public static void AddTo(Meter meter, Forwarder forwarder)
    {
        IEnumerable<DataPlaneListener> Telling() => forwarder.Listeners.Where(static listener => listener.Options.Handoffs);
        meter.CreateObservableCounter(
            "redisproxy_handoffs",
            () => Telling().SelectMany(static listener => Enum.GetValues<HandoffEvent>().Select(what => new Measurement<long>(
                listener.Counters.Sum(counters => counters.Handoffs[(int)what]),
                new("listener", listener.Options.Name), new("event", Labels.Of(what))))),
            description: "Notifications sent to clients that asked for them, by what they say.");
        meter.CreateObservableGauge(
            "redisproxy_handoff_sessions",
            () => Telling().Select(static listener => new Measurement<long>(
                listener.Counters.Sum(static counters => counters.HandoffSessions),
                new KeyValuePair<string, object?>("listener", listener.Options.Name))),
            description: "Current sessions whose clients asked for notifications.");
    }
}
