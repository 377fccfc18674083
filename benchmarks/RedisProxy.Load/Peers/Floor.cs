using RedisProxy.Testing;

namespace RedisProxy.Load.Peers;

/// <summary>
/// Forwarders in C that do nothing but forward, built by <c>benchmarks/load</c>: less than that no proxy of one thread can use.
/// </summary>
internal static class Floor
{
    /// <summary>One connection to redis for each client (<c>benchmarks/floor/floor.c</c>).</summary>
    public static Task<Peer> StartAsync(RedisServer redis) => StartAsync("floor", redis);

    /// <summary>One connection to redis for all clients (<c>benchmarks/floor/shared.c</c>).</summary>
    public static Task<Peer> StartSharedAsync(RedisServer redis) => StartAsync("shared", redis);

    private static Task<Peer> StartAsync(string name, RedisServer redis)
    {
        int port = FreePorts.Take();
        string program = Path.Combine(ProxyProgram.RepositoryRoot(), "benchmarks/floor/bin", name);
        return Peer.StartAsync(program, port, "", (_, _) => [Peer.Text(port), Peer.Text(redis.Port)]);
    }
}
