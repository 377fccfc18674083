using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>The log of replica listeners. Event ids 2100 to 2102.</summary>
internal static partial class ReplicaLog
{
    [LoggerMessage(2100, LogLevel.Information, "listener '{Listener}': replica {Replica} is healthy and serving")]
    public static partial void Admitted(ILogger logger, string listener, HostEndpoint replica);

    [LoggerMessage(2101, LogLevel.Warning, "listener '{Listener}': replica {Replica} is unhealthy and not serving: {Reason}")]
    public static partial void Unhealthy(ILogger logger, string listener, HostEndpoint replica, string reason);

    [LoggerMessage(2102, LogLevel.Warning, "listener '{Listener}': no replica is healthy; the master {Master} serves instead")]
    public static partial void FallsBack(ILogger logger, string listener, HostEndpoint master);
}
