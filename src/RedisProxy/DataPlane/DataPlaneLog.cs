using System.Net;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.DataPlane;

/// <summary>Event ids 3000 to 3999.</summary>
internal static partial class DataPlaneLog
{
    [LoggerMessage(3000, LogLevel.Information, "Listener '{Listener}' accepts on {Bind}, {Loops} loop(s)")]
    public static partial void Listening(ILogger log, string listener, BindAddress bind, int loops);

    [LoggerMessage(3001, LogLevel.Information, "All sessions have ended")]
    public static partial void Drained(ILogger log);

    [LoggerMessage(
        3002, LogLevel.Warning, "{Sessions} session(s) of listener '{Listener}' were not quiescent at the drain timeout and are ended")]
    public static partial void DrainTimedOut(ILogger log, string listener, long sessions);

    [LoggerMessage(3003, LogLevel.Warning, "Listener '{Listener}' cannot accept for now and backs off; clients wait: {Error}")]
    public static partial void AcceptBacksOff(ILogger log, string listener, string error);

    [LoggerMessage(3009, LogLevel.Information, "Listener '{Listener}' is draining: no new clients, {Sessions} session(s) left")]
    public static partial void Draining(ILogger log, string listener, long sessions);

    [LoggerMessage(3010, LogLevel.Information, "New connections to {Endpoint} now reach this process; the other listener can be stopped")]
    public static partial void TakesOver(ILogger log, IPEndPoint endpoint);

    [LoggerMessage(3011, LogLevel.Information, "No other process listens on {Endpoint} any more")]
    public static partial void HasTakenOver(ILogger log, IPEndPoint endpoint);

    [LoggerMessage(3012, LogLevel.Warning, "{Endpoint} is shared with another process; connections cannot be steered here")]
    public static partial void NotSteered(ILogger log, IPEndPoint endpoint);

    [LoggerMessage(3007, LogLevel.Warning, "Listener '{Listener}' is paused by an operator for at most {AtMost}; requests wait")]
    public static partial void Paused(ILogger log, string listener, TimeSpan atMost);

    [LoggerMessage(3008, LogLevel.Warning, "The pause of listener '{Listener}' is over")]
    public static partial void Resumed(ILogger log, string listener);

    [LoggerMessage(
        3006,
        LogLevel.Warning,
        "The limit of open files is {Files}, which allows {Sessions} sessions, not the {Wanted} of maxSessions; raise it (ulimit -n)")]
    public static partial void TooFewFiles(ILogger log, long files, long sessions, long wanted);

    [LoggerMessage(3013, LogLevel.Warning, "Buffers on a loop exceed {Budget} bytes; the {Sessions} session(s) that hold most are reset")]
    public static partial void MemoryShed(ILogger log, int sessions, long budget);

    [LoggerMessage(
        3014,
        LogLevel.Warning,
        "Listener '{Listener}' refused {Client}, and {Others} more since the last such line: {Reason}")]
    public static partial void ClientRefused(ILogger log, string listener, string client, int others, string reason);

    [LoggerMessage(
        3015,
        LogLevel.Error,
        "The master refuses backendUser of listener '{Listener}'; {Sessions} session(s) ended because of it since the last such line")]
    public static partial void BackendUserRefused(ILogger log, string listener, int sessions);

    [LoggerMessage(
        3016,
        LogLevel.Warning,
        "A session of listener '{Listener}' ended because its server sent {Reason}; {Others} more since the last such line")]
    public static partial void BackendProtocolError(ILogger log, string listener, string reason, int others);

    [LoggerMessage(
        3018,
        LogLevel.Warning,
        "Listener '{Listener}' cannot ask its master whether replicas have a write, so replies to writes wait until durable.timeout: "
            + "{Reason}; {Others} more since the last such line")]
    public static partial void ConfirmationRefused(ILogger log, string listener, string reason, int others);

    [LoggerMessage(
        3019,
        LogLevel.Warning,
        "Listener '{Listener}': too few replicas had a write within durable.timeout; {Others} more moments since the last such line")]
    public static partial void NotConfirmed(ILogger log, string listener, int others);

    [LoggerMessage(3017, LogLevel.Information, "Listener '{Listener}' ends session {Session} of {Client} on an operator's order")]
    public static partial void SessionKilled(ILogger log, string listener, long session, string client);

    [LoggerMessage(3004, LogLevel.Error, "A session of listener '{Listener}' ended because of a bug in this program")]
    public static partial void SessionFailed(ILogger log, string listener, Exception error);

    [LoggerMessage(3005, LogLevel.Error, "A callback on a loop failed")]
    public static partial void LoopCallbackFailed(ILogger log, Exception error);

    [LoggerMessage(
        3020, LogLevel.Information, "Listener '{Listener}': {Sessions} session(s) went to process {Process}, which takes over; {Rest}")]
    public static partial void SessionsGiven(ILogger log, string listener, long sessions, int process, string rest);

    [LoggerMessage(3021, LogLevel.Information, "Listener '{Listener}': {Sessions} session(s) came from process {Process}; {Rest}")]
    public static partial void SessionsTaken(ILogger log, string listener, long sessions, int process, string rest);

    [LoggerMessage(
        3022,
        LogLevel.Warning,
        "Listener '{Listener}': process {Process} asks for the sessions and does not get them, because {Reason}; they end with this one")]
    public static partial void SessionsNotGiven(ILogger log, string listener, int process, string reason);

    [LoggerMessage(
        3023,
        LogLevel.Warning,
        "Listener '{Listener}': the sessions of process {Process} do not come here, because {Reason}; they end there")]
    public static partial void SessionsNotTaken(ILogger log, string listener, int process, string reason);

    [LoggerMessage(3024, LogLevel.Warning, "Listener '{Listener}' refused a session of the process before this one: {Reason}")]
    public static partial void SessionRefused(ILogger log, string listener, string reason);

    [LoggerMessage(3025, LogLevel.Information, "{Master}: {Kind} #{Number} of {Way}: {Cost}; {Moments}")]
    public static partial void FailoverCost(
        ILogger log, string master, string kind, long number, string way, string cost, string moments);

    [LoggerMessage(
        3102,
        LogLevel.Warning,
        "Clients of listener '{Listener}' that wait in BLPOP, XREADGROUP and the like are not moved in a planned failover; their "
            + "connections are closed (docs/security.md has the permissions needed): {Problem}")]
    public static partial void WaitsNotEnded(ILogger log, string listener, string problem);
}
