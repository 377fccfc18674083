using Microsoft.Extensions.Logging;

namespace RedisProxy.Servers;

/// <summary>Event id 2041.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(2041, LogLevel.Warning, "the address of '{Host}' cannot be looked up: {Error}; the last known one is kept")]
    public static partial void NameNotResolved(ILogger logger, string host, string error);
}
