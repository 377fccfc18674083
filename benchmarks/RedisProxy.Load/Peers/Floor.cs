using RedisProxy.Testing;

namespace RedisProxy.Load.Peers;

/// <summary>
/// A forwarder in C that does one receive and one send for each burst and nothing else (<c>benchmarks/floor/floor.c</c>, built by
/// <c>benchmarks/load</c>): less than that no proxy of one thread can use.
/// </summary>
internal static class Floor
{
    private static string Program => Path.Combine(ProxyProgram.RepositoryRoot(), "benchmarks/floor/bin/floor");

    public static Task<Peer> StartAsync(RedisServer redis)
    {
        int port = FreePorts.Take();
        return Peer.StartAsync(Program, port, "", (_, _) => [Peer.Text(port), Peer.Text(redis.Port)]);
    }
}
