using Microsoft.Extensions.Logging;

namespace RedisProxy.Notify;

/// <summary>
/// Event ids 4400 to 4499. 4400 to 4410 are the messages themselves, one line each, with or without receivers: their number is that of
/// the event.
/// </summary>
internal static partial class NotifyLog
{
    [LoggerMessage(4400, LogLevel.Warning, "failover_started: {Text}")]
    public static partial void FailoverStarted(ILogger log, string text);

    [LoggerMessage(4401, LogLevel.Information, "failover_finished: {Text}")]
    public static partial void FailoverFinished(ILogger log, string text);

    [LoggerMessage(4402, LogLevel.Warning, "failover_aborted: {Text}")]
    public static partial void FailoverAborted(ILogger log, string text);

    [LoggerMessage(4403, LogLevel.Warning, "master_down: {Text}")]
    public static partial void MasterDown(ILogger log, string text);

    [LoggerMessage(4404, LogLevel.Information, "master_up: {Text}")]
    public static partial void MasterUp(ILogger log, string text);

    [LoggerMessage(4405, LogLevel.Warning, "sentinels_lost: {Text}")]
    public static partial void SentinelsLost(ILogger log, string text);

    [LoggerMessage(4406, LogLevel.Information, "sentinels_back: {Text}")]
    public static partial void SentinelsBack(ILogger log, string text);

    [LoggerMessage(4407, LogLevel.Warning, "replica_unhealthy: {Text}")]
    public static partial void ReplicaUnhealthy(ILogger log, string text);

    [LoggerMessage(4408, LogLevel.Information, "replica_healthy: {Text}")]
    public static partial void ReplicaHealthy(ILogger log, string text);

    [LoggerMessage(4409, LogLevel.Warning, "drift_found: {Text}")]
    public static partial void DriftFound(ILogger log, string text);

    [LoggerMessage(4410, LogLevel.Information, "drift_gone: {Text}")]
    public static partial void DriftGone(ILogger log, string text);

    [LoggerMessage(EventId = 4420, Message = "Receiver '{Receiver}': {What} was sent: {Detail}, attempt {Attempt}")]
    public static partial void Sent(ILogger log, LogLevel level, string receiver, string what, string detail, int attempt);

    [LoggerMessage(4421, LogLevel.Warning, "Receiver '{Receiver}': {What} could not be sent: {Detail}, attempt {Attempt}")]
    public static partial void Failed(ILogger log, string receiver, string what, string detail, int attempt);

    [LoggerMessage(4422, LogLevel.Debug, "Receiver '{Receiver}': {What} will be retried in {Pause}: {Detail}")]
    public static partial void TriesAgain(ILogger log, string receiver, string what, string detail, TimeSpan pause);

    [LoggerMessage(4423, LogLevel.Debug, "Receiver '{Receiver}': {What} was dropped: {Why}")]
    public static partial void Dropped(ILogger log, string receiver, string what, string why);

    [LoggerMessage(EventId = 4424, Message = "Receiver '{Receiver}': the command for {What} ended: {Detail}; output: {Line}")]
    public static partial void CommandEnded(ILogger log, LogLevel level, string receiver, string what, string detail, string line);

    [LoggerMessage(4426, LogLevel.Information, "Receiver '{Receiver}' is notified of {Events}: {Where}")]
    public static partial void Tells(ILogger log, string receiver, string events, string where);

    [LoggerMessage(4425, LogLevel.Error, "Looking for events failed; will try again")]
    public static partial void LookFailed(ILogger log, Exception error);
}
