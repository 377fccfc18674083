using System.Net;

using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>The log of one master, event ids 2000 to 2043. Views are not logged: each change has an event of its own.</summary>
internal static partial class MasterLog
{
    [LoggerMessage(2000, LogLevel.Information, "{Master}: no master yet: {Reason}")]
    public static partial void WaitingForMaster(ILogger logger, string master, string reason);

    [LoggerMessage(2001, LogLevel.Information,
        "{Master}: new master {Address} instead of {Old}, epoch {Epoch}, generation {Generation}, reported by {Who}: {Reason}")]
    private static partial void MasterAccepted(
        ILogger logger, string master, string old, IPEndPoint address, long epoch, long generation, string who, string reason);

    public static void MasterAccepted(
        ILogger logger, string master, IPEndPoint? old, IPEndPoint address, long epoch, long generation, string who, string reason) =>
        MasterAccepted(logger, master, old?.ToString() ?? "none", address, epoch, generation, who, reason);

    [LoggerMessage(2002, LogLevel.Information, "{Master}: {Address} is available, generation {Generation}, {Elapsed} after the first sign")]
    public static partial void MasterAvailable(ILogger logger, string master, IPEndPoint address, long generation, TimeSpan elapsed);

    [LoggerMessage(2003, LogLevel.Warning, "{Master}: down: {Reason}")]
    public static partial void MasterDown(ILogger logger, string master, string reason);

    [LoggerMessage(2004, LogLevel.Information, "{Master}: {Address} came back, {Elapsed} after the first sign")]
    public static partial void MasterCameBack(ILogger logger, string master, IPEndPoint address, TimeSpan elapsed);

    [LoggerMessage(2005, LogLevel.Information, "{Master}: hold started, for at most {Limit}: {Reason}")]
    public static partial void HoldBegan(ILogger logger, string master, string reason, TimeSpan limit);

    [LoggerMessage(EventId = 2006, Message = "{Master}: hold ended: {Reason}")]
    public static partial void HoldEnded(ILogger logger, LogLevel level, string master, string reason);

    [LoggerMessage(2007, LogLevel.Information, "{Master}: still {Address}, epoch {Old} is now {Epoch}, reported by {Who}: {Reason}")]
    public static partial void EpochMoved(
        ILogger logger, string master, IPEndPoint address, long old, long epoch, string who, string reason);

    [LoggerMessage(2008, LogLevel.Warning,
        "{Address} was accepted as master but is not confirmed after {Tries} attempts: {Reason}. Retrying every {Interval}")]
    public static partial void MasterNotVerified(ILogger logger, IPEndPoint address, int tries, string reason, TimeSpan interval);

    [LoggerMessage(2009, LogLevel.Warning,
        "{Address} refuses to report its role: {Error}. It is assumed to be a master as long as it answers; "
            + "set backend.username and backend.password")]
    public static partial void RoleNotAsked(ILogger logger, IPEndPoint address, string error);

    [LoggerMessage(2010, LogLevel.Warning, "{Master}: {Address} answers and is used, although Sentinel {Who} disagrees")]
    public static partial void SignsIgnored(ILogger logger, string master, IPEndPoint address, string who);

    [LoggerMessage(2011, LogLevel.Warning,
        "{Master}: Sentinel {Who} has paused traffic for {Spent} with failovers that never came; its announcements are "
            + "ignored for the next {Time}")]
    public static partial void PausesUsedUp(ILogger logger, string master, string who, TimeSpan spent, TimeSpan time);

    [LoggerMessage(2020, LogLevel.Warning, "{Master}: no Sentinel is reachable; the last known master is kept")]
    public static partial void AllSentinelsLost(ILogger logger, string master);

    [LoggerMessage(2021, LogLevel.Information, "{Master}: Sentinels are reachable again")]
    public static partial void SentinelsAreBack(ILogger logger, string master);

    [LoggerMessage(2022, LogLevel.Warning, "{Master}: no Sentinel knows a master of this name any more; the last known one is kept")]
    public static partial void MasterForgotten(ILogger logger, string master);

    [LoggerMessage(2023, LogLevel.Warning, "Sentinel {Sentinel}: its answer about {Master} is ignored: {Reason}")]
    public static partial void AnswerNotUsed(ILogger logger, HostEndpoint sentinel, string master, string reason);

    [LoggerMessage(2024, LogLevel.Warning,
        "{Master}: no Sentinel can reach {Ghosts}, and without them the proxy cannot reach a majority. They still count when "
            + "a leader is elected. If they are gone for good, send SENTINEL RESET {Master} to the other Sentinels, one at a time")]
    public static partial void Ghosts(ILogger logger, string master, string ghosts);

    [LoggerMessage(2040, LogLevel.Debug, "{Master}: in doubt ({Reason}), suspicion {Number}")]
    public static partial void Suspected(ILogger logger, string master, SuspicionReason reason, long number);

    [LoggerMessage(
        2043,
        LogLevel.Warning,
        "{Master}: has renamed {Commands} (rename-command); the proxy does not recognise them by other names, so "
            + "connection state that they set is lost in a failover. Disable commands by ACL instead")]
    public static partial void CommandsRenamed(ILogger logger, IPEndPoint master, string commands);
}
