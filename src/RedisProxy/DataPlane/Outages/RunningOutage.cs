using RedisProxy.Topology;

namespace RedisProxy.DataPlane;

/// <summary>An outage that lasts.</summary>
/// <param name="Since">When it began.</param>
/// <param name="Lasted">So far.</param>
/// <param name="View">The last one that did not serve.</param>
/// <param name="IsOver">The master takes requests again, but not all sessions have continued.</param>
/// <param name="SessionsWaiting">Sessions that wait for it.</param>
internal sealed record RunningOutage(DateTimeOffset Since, TimeSpan Lasted, TopologyView View, bool IsOver, long SessionsWaiting);
