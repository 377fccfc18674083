namespace RedisProxy.Sessions;

internal enum ReplayResult : byte
{
    Done,

    /// <summary>The connection broke, or the server is not ready; another attempt may succeed.</summary>
    Failed,

    /// <summary>The server refuses this state, and the session cannot continue correctly without it.</summary>
    Refused,
}
