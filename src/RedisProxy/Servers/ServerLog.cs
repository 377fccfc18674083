using Microsoft.Extensions.Logging;

namespace RedisProxy.Servers;

/// <summary>Event id 2041.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(2041, LogLevel.Warning, "'{Host}' cannot be resolved: {Error}; the last known address is kept")]
    public static partial void NameNotResolved(ILogger logger, string host, string error);
}
