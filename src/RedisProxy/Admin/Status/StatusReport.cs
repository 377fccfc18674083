using RedisProxy.DataPlane;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>Makes a <see cref="ProxyStatus"/>. Reads what the planes have published, and never blocks.</summary>
internal sealed class StatusReport(Forwarder forwarder, TopologyService topology, Readiness readiness)
{
    public ProxyStatus Make() => new(
        BuildInfo.Version,
        readiness.IsReady,
        readiness.IsStopping,
        readiness.Uptime.TotalSeconds,
        [.. forwarder.Listeners.Select(listener => listener.Source).Distinct().Select(source =>
            MasterStatus.Of(source, topology.ReplicationOf(source.Current.MasterName)))],
        [.. forwarder.Listeners.Select(ListenerStatus.Of)]);
}
