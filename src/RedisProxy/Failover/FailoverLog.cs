using Microsoft.Extensions.Logging;

namespace RedisProxy.Failover;

/// <summary>Event ids 3100 to 3199.</summary>
internal static partial class FailoverLog
{
    [LoggerMessage(3100, LogLevel.Information, "Failover of '{Master}' on demand: {What}")]
    public static partial void Step(ILogger log, string master, string what);

    [LoggerMessage(3101, LogLevel.Warning, "Failover of '{Master}' on demand was aborted: {Problem}")]
    public static partial void Aborted(ILogger log, string master, string problem);
}
