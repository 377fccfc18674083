using RedisProxy.Failover;

namespace RedisProxy.Admin;

/// <summary>Makes a <see cref="ProxyStatus"/>. Reads what the planes have published, and waits for nothing.</summary>
internal sealed class StatusReport(DataPlane dataPlane, Readiness readiness)
{
    public ProxyStatus Make() => new(
        BuildInfo.Version,
        readiness.IsReady,
        readiness.IsStopping,
        readiness.Uptime.TotalSeconds,
        [.. dataPlane.Listeners.Select(listener => listener.Source).Distinct().Select(MasterStatus.Of)],
        [.. dataPlane.Listeners.Select(ListenerStatus.Of)]);
}
