using Microsoft.Extensions.Logging;

namespace RedisProxy.Roles;

/// <summary>
/// Event ids 6000 to 6099. Each change is logged; a failure, or a change that a dry run would make, is logged once until it clears.
/// Deliberately not logged above debug: servers that do not answer, which Sentinel and the probe report.
/// </summary>
internal static partial class RoleLog
{
    [LoggerMessage(6000, LogLevel.Information, "{Master}: {Server} is a {Role}: {Parameter} is now '{Now}', was '{Old}'")]
    public static partial void Changed(ILogger log, string master, string server, string role, string parameter, string now, string old);

    [LoggerMessage(6001, LogLevel.Information,
        "{Master}: dry run: {Server} is a {Role}: {Parameter} would be set to '{Wanted}', is '{Now}'")]
    public static partial void WouldChange(
        ILogger log, string master, string server, string role, string parameter, string wanted, string now);

    [LoggerMessage(6002, LogLevel.Warning, "{Master}: {Server} does not match roles.{Role}.config: {Reason}")]
    public static partial void Failed(ILogger log, string master, string server, string role, string reason);

    [LoggerMessage(6003, LogLevel.Information,
        "{Master}: {Server} is a {Role}: {Parameter} will be set to '{Wanted}' once a server of the other role persists its data")]
    public static partial void Waits(ILogger log, string master, string server, string role, string parameter, string wanted);

    [LoggerMessage(6004, LogLevel.Information, "{Master}: {Server} has rewritten its configuration file")]
    public static partial void Rewritten(ILogger log, string master, string server);

    [LoggerMessage(6005, LogLevel.Debug, "{Master}: {Server} is left unchanged: {Reason}")]
    public static partial void LeftAlone(ILogger log, string master, string server, string reason);

    [LoggerMessage(6006, LogLevel.Warning, "{Master}: checking its servers' settings failed")]
    public static partial void Broken(ILogger log, string master, Exception failure);
}
