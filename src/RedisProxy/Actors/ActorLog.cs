using Microsoft.Extensions.Logging;

namespace RedisProxy.Actors;

/// <summary>Event id 2999: a failure in any actor.</summary>
internal static partial class ActorLog
{
    [LoggerMessage(2999, LogLevel.Error, "a control-plane message failed; the next one is processed")]
    public static partial void MessageFailed(ILogger logger, Exception failure);
}
