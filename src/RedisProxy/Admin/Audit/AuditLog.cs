using Microsoft.Extensions.Logging;

namespace RedisProxy.Admin;

/// <summary>Event ids 4200 to 4299.</summary>
internal static partial class AuditLog
{
    [LoggerMessage(4200, LogLevel.Warning, "The next failover of '{Master}' would go wrong: {Where}: {Topic} {Text}")]
    public static partial void Found(ILogger log, string master, string where, string topic, string text);

    [LoggerMessage(4201, LogLevel.Information, "The audit no longer finds anything critical")]
    public static partial void Gone(ILogger log);

    [LoggerMessage(4202, LogLevel.Warning, "The audit failed: {Reason}")]
    public static partial void Failed(ILogger log, string reason);
}
