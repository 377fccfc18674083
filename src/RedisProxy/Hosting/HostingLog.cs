using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Hosting;

/// <summary>Event ids 1000 to 1999.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(1000, LogLevel.Information, "Listener '{Listener}' accepts on {Bind}, {Loops} loop(s)")]
    public static partial void Listening(ILogger log, string listener, BindAddress bind, int loops);

    [LoggerMessage(1001, LogLevel.Information, "All sessions have ended")]
    public static partial void Drained(ILogger log);

    [LoggerMessage(1002, LogLevel.Warning, "{Sessions} session(s) were not quiescent at the drain timeout and are aborted")]
    public static partial void DrainTimedOut(ILogger log, long sessions);

    [LoggerMessage(1003, LogLevel.Warning, "Listener '{Listener}' cannot accept for now and backs off; clients wait in the backlog: {Error}")]
    public static partial void AcceptBacksOff(ILogger log, string listener, string error);

    [LoggerMessage(1004, LogLevel.Error, "A session of listener '{Listener}' ended by a fault of this program")]
    public static partial void SessionFailed(ILogger log, string listener, Exception error);

    [LoggerMessage(1005, LogLevel.Error, "A callback on a loop failed")]
    public static partial void LoopCallbackFailed(ILogger log, Exception error);

    [LoggerMessage(1006, LogLevel.Critical, "The data plane cannot go on")]
    public static partial void DataPlaneFailed(ILogger log, Exception error);

    [LoggerMessage(1007, LogLevel.Information, "Stopping: no new sessions, {Sessions} to end")]
    public static partial void Stopping(ILogger log, long sessions);
}
