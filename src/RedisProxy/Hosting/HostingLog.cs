using Microsoft.Extensions.Logging;

namespace RedisProxy.Hosting;

/// <summary>Event ids 1000 to 1999.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(1000, LogLevel.Information, "RedisProxy {Version} is up, {Loops} loop(s)")]
    public static partial void Started(ILogger log, string version, int loops);

    [LoggerMessage(1001, LogLevel.Information, "Stopping: readiness is off, new sessions are taken for another {Delay}")]
    public static partial void StopDelayed(ILogger log, TimeSpan delay);

    [LoggerMessage(1002, LogLevel.Information, "Stopping: no new sessions, {Sessions} to end")]
    public static partial void Stopping(ILogger log, long sessions);

    [LoggerMessage(1003, LogLevel.Critical, "The data plane cannot go on; the process ends")]
    public static partial void DataPlaneFailed(ILogger log, Exception error);

    [LoggerMessage(1004, LogLevel.Critical, "Cannot start: {Reason}")]
    public static partial void CannotStart(ILogger log, string reason);

    [LoggerMessage(1005, LogLevel.Information, "Status page on http://{Bind}/; also /metrics, /healthz/live, /healthz/ready")]
    public static partial void AdminListening(ILogger log, string bind);
}
