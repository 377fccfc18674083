using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>The log of Sentinels, event ids 2030 to 2049. Answers that change nothing are not logged.</summary>
internal static partial class SentinelLog
{
    [LoggerMessage(2030, LogLevel.Information, "Sentinel {Sentinel}: connected, id {Id}, RESP{Protocol}")]
    public static partial void SentinelGreeted(ILogger logger, HostEndpoint sentinel, string id, int protocol);

    [LoggerMessage(EventId = 2031, Message = "Sentinel {Sentinel}: not connected: {Reason}")]
    public static partial void SentinelLost(ILogger logger, LogLevel level, HostEndpoint sentinel, string reason);

    [LoggerMessage(2032, LogLevel.Information, "Sentinel {Sentinel}: discovered through {Teacher}")]
    public static partial void SentinelLearnt(ILogger logger, HostEndpoint sentinel, HostEndpoint teacher);

    [LoggerMessage(2033, LogLevel.Information, "Sentinel {Sentinel}: dropped: no other Sentinel lists it any more")]
    public static partial void SentinelDropped(ILogger logger, HostEndpoint sentinel);

    [LoggerMessage(2034, LogLevel.Information, "Sentinel {Sentinel}: the same as {Other}, id {Id}; one connection is kept")]
    public static partial void SameSentinel(ILogger logger, HostEndpoint sentinel, HostEndpoint other, string id);

    [LoggerMessage(2035, LogLevel.Warning, "Sentinel {Sentinel}: lists more than {Limit} Sentinels; the rest is ignored")]
    public static partial void TooManySentinels(ILogger logger, HostEndpoint sentinel, int limit);

    [LoggerMessage(2036, LogLevel.Warning, "Sentinel {Sentinel}: sends no events ({Error}); failovers are noticed by polling only")]
    public static partial void EventsRefused(ILogger logger, HostEndpoint sentinel, string error);

    [LoggerMessage(2037, LogLevel.Warning, "Sentinel {Sentinel}: {Change} TILT; its reports of servers being down are ignored in TILT")]
    public static partial void Tilt(ILogger logger, HostEndpoint sentinel, string change);

    [LoggerMessage(2038, LogLevel.Debug, "Sentinel {Sentinel}: {Name} {Payload}")]
    public static partial void SentinelSaid(ILogger logger, HostEndpoint sentinel, string name, string payload);

    [LoggerMessage(2039, LogLevel.Warning,
        "Sentinel {Sentinel}: has not answered for half a second; the proxy does not wait for it until it does")]
    public static partial void SentinelNotWaitedFor(ILogger logger, HostEndpoint sentinel);

    public static void SentinelDistance(ILogger logger, HostEndpoint sentinel, SentinelDistance distance) => SentinelDistance(
        logger,
        distance.IsFar ? LogLevel.Warning : LogLevel.Information,
        sentinel,
        distance.Best.TotalMilliseconds,
        distance.IsFar
            ? "too slow to wait for: a failover that it leads while this proxy is stalled may be noticed too late"
            : "the proxy waits for it again");

    [LoggerMessage(EventId = 2044, Message = "Sentinel {Sentinel}: its fastest answers take {Milliseconds:0} ms; {Consequence}")]
    private static partial void SentinelDistance(
        ILogger logger, LogLevel level, HostEndpoint sentinel, double milliseconds, string consequence);

    [LoggerMessage(EventId = 2042, Message =
        "requests and replies were held for up to {Milliseconds} ms: the proxy was stalled, or a Sentinel did not answer "
            + "({Times} times since the last such message)")]
    public static partial void LeaseLapsed(ILogger logger, LogLevel level, long milliseconds, long times);
}
