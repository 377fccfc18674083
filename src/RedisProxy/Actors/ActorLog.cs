using Microsoft.Extensions.Logging;

namespace RedisProxy.Actors;

/// <summary>Event id 2999: what can go wrong in any actor.</summary>
internal static partial class ActorLog
{
    [LoggerMessage(2999, LogLevel.Error, "a message of the control plane failed; the next one is handled")]
    public static partial void MessageFailed(ILogger logger, Exception failure);
}
