using Microsoft.Extensions.Logging;

namespace RedisProxy.Admin;

/// <summary>Event ids 4500 to 4599: orders given and refused.</summary>
internal static partial class OperatorLog
{
    [LoggerMessage(4500, LogLevel.Information, "{Who} requested {Order}")]
    public static partial void Ordered(ILogger log, string who, string order);

    [LoggerMessage(4501, LogLevel.Information, "{Who} was answered {Status} for {Order}: {Answer}")]
    public static partial void Answered(ILogger log, string who, string order, int status, string answer);

    [LoggerMessage(4502, LogLevel.Warning, "{Who} was refused {Order}: {Reason} ({Others} earlier refusals not logged)")]
    public static partial void Refused(ILogger log, string who, string order, string reason, int others);
}
