namespace RedisProxy.Sessions;

internal enum ReplayResult : byte
{
    Done,

    /// <summary>The connection broke, or the server is not ready; another attempt may succeed.</summary>
    Failed,

    /// <summary>The server does not take this state. Going on without it would be a lie.</summary>
    Refused,
}
