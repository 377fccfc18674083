using Microsoft.Extensions.Logging;

namespace RedisProxy.Admin;

/// <summary>Event ids 4500 to 4599: who has ordered what, and who may not.</summary>
internal static partial class OperatorLog
{
    [LoggerMessage(4500, LogLevel.Information, "{Who} orders: {Order}")]
    public static partial void Ordered(ILogger log, string who, string order);

    [LoggerMessage(4501, LogLevel.Information, "{Who} has got for {Order}: {Status}, {Answer}")]
    public static partial void Answered(ILogger log, string who, string order, int status, string answer);

    [LoggerMessage(4502, LogLevel.Warning, "{Who} may not order {Order}: {Reason} ({Others} more before, not logged)")]
    public static partial void Refused(ILogger log, string who, string order, string reason, int others);
}
