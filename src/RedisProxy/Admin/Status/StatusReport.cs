using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>
/// Makes a <see cref="ProxyStatus"/>. Reads what the planes have published, and blocks no thread. Only links that sessions share are
/// counted for it.
/// </summary>
internal sealed class StatusReport(
    Forwarder forwarder, TopologyService topology, Readiness readiness, RunningOptions running, TimeProvider time)
{
    // A hung loop must not hide the status; its counts are stale then.
    private static readonly TimeSpan MaxCountTime = TimeSpan.FromMilliseconds(500);

    public async Task<ProxyStatus> MakeAsync()
    {
        await forwarder.TryCountLinksAsync(MaxCountTime, time);
        return Make();
    }

    private ProxyStatus Make() => new(
        BuildInfo.Version,
        readiness.IsReady,
        readiness.IsStopping,
        readiness.Uptime.TotalSeconds,
        [.. forwarder.Listeners.Select(listener => listener.Source).Distinct().Select(source =>
            MasterStatus.Of(source, topology.ReplicationOf(source.Current.MasterName), OutageOf(source)))],
        [.. forwarder.Listeners.Select(ListenerStatus.Of)]);

    private OutageStatus? OutageOf(ITopologySource source) =>
        forwarder.Outages.RunningOf(source) is { } outage ? OutageStatus.Of(outage, running.Current.Hold) : null;
}
