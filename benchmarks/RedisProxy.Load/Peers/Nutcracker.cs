using RedisProxy.Testing;

namespace RedisProxy.Load.Peers;

/// <summary>
/// nutcracker (twemproxy) with one connection to redis for all clients. It parses requests and shares that connection, so it does
/// another job than the rest: its figures are for reference, and nothing is judged by them.
/// </summary>
internal static class Nutcracker
{
    public static string Program => Peer.Find("nutcracker");

    public static Task<Peer> StartAsync(RedisServer redis)
    {
        int port = FreePorts.Take();
        int statisticsPort = FreePorts.Take();
        return Peer.StartAsync(Program, port, Configuration(redis, port), (folder, file) =>
        [
            "--conf-file", file, "--output", Path.Combine(folder, "output"), "--pid-file", Path.Combine(folder, "pid"),
            "--stats-addr", "127.0.0.1", "--stats-port", Peer.Text(statisticsPort),
        ]);
    }

    private static string Configuration(RedisServer redis, int port) => $"""
        redis:
          listen: 127.0.0.1:{port}
          redis: true
          hash: fnv1a_64
          distribution: ketama
          backlog: 4096
          server_connections: 1
          servers:
            - {redis.Endpoint}:1

        """;
}
