using Microsoft.Extensions.Logging;

namespace RedisProxy.Admin;

/// <summary>Event ids 4100 to 4199. No event per push: a collector may be unreachable for days.</summary>
internal static partial class OtlpLog
{
    [LoggerMessage(4100, LogLevel.Information, "Pushing metrics to {Endpoint} every {Interval}")]
    public static partial void Begins(ILogger log, Uri endpoint, TimeSpan interval);

    [LoggerMessage(4101, LogLevel.Warning, "Cannot push metrics to {Endpoint}: {Reason}; retrying every {Interval}")]
    public static partial void Fails(ILogger log, Uri endpoint, string reason, TimeSpan interval);

    [LoggerMessage(4102, LogLevel.Information, "Pushing metrics to {Endpoint} again, after {Failed} failed push(es)")]
    public static partial void Recovered(ILogger log, Uri endpoint, long failed);

    [LoggerMessage(4103, LogLevel.Error, "Metrics are no longer pushed")]
    public static partial void Broke(ILogger log, Exception error);
}
