using RedisProxy.Failover;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>Makes a <see cref="ProxyStatus"/>. Reads what the planes have published, and waits for nothing.</summary>
internal sealed class StatusReport(DataPlane dataPlane, TopologyService topology, Readiness readiness)
{
    public ProxyStatus Make() => new(
        BuildInfo.Version,
        readiness.IsReady,
        readiness.IsStopping,
        readiness.Uptime.TotalSeconds,
        [.. dataPlane.Listeners.Select(listener => listener.Source).Distinct().Select(source =>
            MasterStatus.Of(source, topology.ReplicationOf(source.Current.MasterName)))],
        [.. dataPlane.Listeners.Select(ListenerStatus.Of)]);
}
