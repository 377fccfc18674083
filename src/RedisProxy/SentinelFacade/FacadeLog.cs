using System.Net;

using Microsoft.Extensions.Logging;

namespace RedisProxy.SentinelFacade;

/// <summary>Event ids 4300 to 4399.</summary>
internal static partial class FacadeLog
{
    [LoggerMessage(4300, LogLevel.Information, "Answering as a Sentinel on {Endpoint}")]
    public static partial void Listening(ILogger log, string endpoint);

    [LoggerMessage(4301, LogLevel.Warning, "Master '{Master}' is announced as {Address}, which other machines cannot reach")]
    public static partial void AnnouncesLoopback(ILogger log, string master, string address);

    [LoggerMessage(4302, LogLevel.Warning, "sentinelFacade.maxConnections is {Wanted}, but the limit of open files allows only {Possible}")]
    public static partial void TooFewFiles(ILogger log, int wanted, int possible);

    [LoggerMessage(4303, LogLevel.Information, "Notified {Subscribers} subscriber(s) of the facade that '{Master}' is now another server")]
    public static partial void Published(ILogger log, int subscribers, string master);

    [LoggerMessage(4304, LogLevel.Warning, "The facade cannot accept connections: {Reason}")]
    public static partial void CannotAccept(ILogger log, string reason);

    [LoggerMessage(4305, LogLevel.Error, "A connection of the facade failed")]
    public static partial void ConnectionFailed(ILogger log, Exception error);

    [LoggerMessage(4306, LogLevel.Debug, "The facade has ended the connection of {Client}: {Reason}")]
    public static partial void Dropped(ILogger log, EndPoint? client, string reason);

    [LoggerMessage(4307, LogLevel.Warning, "The facade has {Max} connections; further ones are refused")]
    public static partial void Full(ILogger log, int max);
}
