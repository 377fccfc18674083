using Microsoft.Extensions.Logging;

namespace RedisProxy.Hosting;

/// <summary>Event ids 1000 to 1999.</summary>
internal static partial class HostingLog
{
    [LoggerMessage(1000, LogLevel.Information, "RedisProxy {Version} is up, {Loops} loop(s)")]
    public static partial void Started(ILogger log, string version, int loops);

    [LoggerMessage(1001, LogLevel.Information, "Stopping: not ready any more, new sessions are accepted for another {Delay}")]
    public static partial void StopDelayed(ILogger log, TimeSpan delay);

    [LoggerMessage(1002, LogLevel.Information, "Stopping: no new sessions, {Sessions} left")]
    public static partial void Stopping(ILogger log, long sessions);

    [LoggerMessage(1003, LogLevel.Critical, "The data plane has failed; the process exits")]
    public static partial void DataPlaneFailed(ILogger log, Exception error);

    [LoggerMessage(1004, LogLevel.Critical, "Cannot start: {Reason}")]
    public static partial void CannotStart(ILogger log, string reason);

    [LoggerMessage(1005, LogLevel.Information, "Status page on {Bind}; also /metrics, /healthz/live, /healthz/ready")]
    public static partial void AdminListening(ILogger log, string bind);

    [LoggerMessage(1006, LogLevel.Warning, "Another signal while stopping: exiting at once")]
    public static partial void EndedAtOnce(ILogger log);

    [LoggerMessage(1007, LogLevel.Error, "A reload failed; restart the proxy to be sure of its configuration")]
    public static partial void ReloadFailed(ILogger log, Exception error);

    [LoggerMessage(1008, LogLevel.Information, "Another program is installed at {Path}: starting it, to take over")]
    public static partial void SuccessorStarting(ILogger log, string path);

    [LoggerMessage(1009, LogLevel.Information, "Process {Process} has taken over and is the service from now on")]
    public static partial void SuccessorReady(ILogger log, int process);

    [LoggerMessage(1010, LogLevel.Error, "The program at {Path} has not taken over, and this process goes on: {Problem}")]
    public static partial void SuccessorFailed(ILogger log, string path, string problem);

    [LoggerMessage(1011, LogLevel.Warning, "Files of secrets have changed but cannot be used, so the old secrets stay: {Problem}")]
    public static partial void SecretsUnusable(ILogger log, string problem);

    [LoggerMessage(1012, LogLevel.Information, "Health and metrics, and nothing else, also on {Bind}")]
    public static partial void MetricsListening(ILogger log, string bind);

    [LoggerMessage(
        1013, LogLevel.Warning,
        "SIGHUP is ignored: this process is ending. If the configuration changed after the next one had started, reload that one")]
    public static partial void HangUpIgnored(ILogger log);

    [LoggerMessage(1014, LogLevel.Information, "Nothing is taken over yet: {Problem}")]
    public static partial void LooksForMaster(ILogger log, string problem);
}
