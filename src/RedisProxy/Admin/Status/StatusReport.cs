using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>
/// Makes a <see cref="ProxyStatus"/>. Reads what the planes have published, and blocks no thread. Only links that sessions share are
/// counted for it.
/// </summary>
internal sealed class StatusReport(
    Forwarder forwarder, TopologyService topology, Readiness readiness, AuditWatch audit, RunningOptions running, TimeProvider time)
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
        Environment.MachineName,
        Environment.ProcessId,
        readiness.IsReady,
        readiness.IsStopping,
        readiness.Uptime.TotalSeconds,
        [.. forwarder.Listeners.Select(listener => listener.Source).Distinct().Select(Make)],
        [.. forwarder.Listeners.Select(ListenerStatus.Of)]);

    private MasterStatus Make(ITopologySource source)
    {
        string name = source.Current.MasterName;
        Finding[] findings =
        [
            .. audit.Last.Where(result => result.Facts.MasterName == name)
                .SelectMany(static result => result.Findings)
                .OrderByDescending(static finding => finding.Severity),
        ];
        return MasterStatus.Of(source, topology.ReplicationOf(name), OutageOf(source), findings);
    }

    private OutageStatus? OutageOf(ITopologySource source) =>
        forwarder.Outages.RunningOf(source) is { } outage ? OutageStatus.Of(outage, running.Current.Hold) : null;
}
