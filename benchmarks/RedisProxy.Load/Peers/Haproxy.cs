using RedisProxy.Testing;

namespace RedisProxy.Load.Peers;

/// <summary>HAProxy as it is used in front of Redis: TCP mode, one thread, everything else at its defaults.</summary>
internal static class Haproxy
{
    public static string Program => Peer.Find("haproxy");

    /// <param name="redis">Its backend.</param>
    /// <param name="maxConnections">Of clients.</param>
    public static Task<Peer> StartAsync(RedisServer redis, int maxConnections = 4096)
    {
        int port = FreePorts.Take();
        // -db: one process, in the foreground, so that its CPU time is all there is.
        return Peer.StartAsync(Program, port, Configuration(redis, port, maxConnections), (_, file) => ["-db", "-f", file]);
    }

    private static string Configuration(RedisServer redis, int port, int maxConnections) => $"""
        global
            nbthread 1
            maxconn {maxConnections}

        defaults
            mode tcp
            timeout connect 5s
            timeout client 1m
            timeout server 1m

        listen redis
            bind 127.0.0.1:{port}
            server redis {redis.Endpoint}

        """;
}
