using Microsoft.Extensions.Logging;

namespace RedisProxy.Roles;

/// <summary>
/// Event ids 6000 to 6099. Each change has its line; what is wrong, or would be changed, has one until it is otherwise. Deliberately not
/// logged above debug: servers that do not answer, which Sentinel and the probe say.
/// </summary>
internal static partial class RoleLog
{
    [LoggerMessage(6000, LogLevel.Information, "{Master}: {Server} is a {Role}: {Parameter} is '{Now}' now, and was '{Old}'")]
    public static partial void Changed(ILogger log, string master, string server, string role, string parameter, string now, string old);

    [LoggerMessage(6001, LogLevel.Information,
        "{Master}: dry run: {Server} is a {Role}: {Parameter} would become '{Wanted}', and is '{Now}'")]
    public static partial void WouldChange(
        ILogger log, string master, string server, string role, string parameter, string wanted, string now);

    [LoggerMessage(6002, LogLevel.Warning, "{Master}: {Server} is not as roles.{Role}.config wants it: {Reason}")]
    public static partial void Failed(ILogger log, string master, string server, string role, string reason);

    [LoggerMessage(6003, LogLevel.Information,
        "{Master}: {Server} is a {Role}: {Parameter} becomes '{Wanted}' when a server of the other role keeps its data on disk")]
    public static partial void Waits(ILogger log, string master, string server, string role, string parameter, string wanted);

    [LoggerMessage(6004, LogLevel.Information, "{Master}: {Server} has written its configuration file")]
    public static partial void Rewritten(ILogger log, string master, string server);

    [LoggerMessage(6005, LogLevel.Debug, "{Master}: {Server} is left as it is: {Reason}")]
    public static partial void LeftAlone(ILogger log, string master, string server, string reason);

    [LoggerMessage(6006, LogLevel.Warning, "{Master}: the settings of its servers could not be looked at")]
    public static partial void Broken(ILogger log, string master, Exception failure);
}
