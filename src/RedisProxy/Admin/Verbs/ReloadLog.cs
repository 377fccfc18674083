using Microsoft.Extensions.Logging;

namespace RedisProxy.Admin;

/// <summary>Event ids 4000 to 4099.</summary>
internal static partial class ReloadLog
{
    [LoggerMessage(4000, LogLevel.Information, "Reload: {Change}")]
    public static partial void Changed(ILogger log, string change);

    [LoggerMessage(4001, LogLevel.Warning, "Reload: {Change}")]
    public static partial void NotChanged(ILogger log, string change);

    [LoggerMessage(4002, LogLevel.Error, "Reload: {Problem}")]
    public static partial void Wrong(ILogger log, string problem);

    [LoggerMessage(4003, LogLevel.Information, "Reloaded the configuration, {Changes} change(s)")]
    public static partial void Taken(ILogger log, int changes);

    [LoggerMessage(4004, LogLevel.Error, "The configuration was not reloaded, the old one stays in effect")]
    public static partial void Refused(ILogger log);
}
