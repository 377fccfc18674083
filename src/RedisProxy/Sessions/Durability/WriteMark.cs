namespace RedisProxy.Sessions;

/// <summary>
/// A request that changes nothing and that nobody sees, but that goes to the replicas: WAIT after it on the same connection speaks of all
/// that the server has executed before. Up to redis 7.0 any command would do; later releases, and Valkey, count only what goes to the
/// replicas (measured with redis 7.0.15, 8.0.2, 8.6.3, Valkey 8.1 and 9.1). SPUBLISH has no pattern subscribers, so only who subscribes to
/// exactly this channel would receive it. Servers before 7.0 do not have it.
/// </summary>
internal static class WriteMark
{
    /// <summary>Its users need the permissions <c>+spublish</c> and <c>&amp;redisproxy:mark</c>.</summary>
    public static byte[][] Words { get; } = ["SPUBLISH"u8.ToArray(), "redisproxy:mark"u8.ToArray(), []];
}
