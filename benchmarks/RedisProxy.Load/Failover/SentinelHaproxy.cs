using System.Globalization;

using RedisProxy.Load.Peers;
using RedisProxy.Testing;

namespace RedisProxy.Load.Failover;

/// <summary>
/// HAProxy as it is used in front of a Sentinel deployment: it knows nothing of Sentinel, asks every server for its role once a second,
/// and sends new connections to any of those that call themselves a master. To leave one it takes three failed looks, of two seconds
/// each: where the expected word does not come, the look ends only when its time is over.
/// </summary>
internal sealed class SentinelHaproxy : IAsyncDisposable
{
    // More than there are servers: each of them would have had its turn.
    private const int Probes = 6;

    private readonly ChildProcess _process;
    private readonly TemporaryFolder _folder;

    private SentinelHaproxy(ChildProcess process, TemporaryFolder folder, int port)
    {
        _process = process;
        _folder = folder;
        Port = port;
    }

    public int Port { get; }

    public static async Task<SentinelHaproxy> StartAsync(SentinelDeployment deployment)
    {
        int port = FreePorts.Take();
        var folder = new TemporaryFolder("haproxy");
        string file = folder.File("haproxy.cfg");
        await File.WriteAllTextAsync(file, Configuration(port, deployment.Servers));
        ChildProcess process = await ChildProcess.StartAsync("haproxy", Haproxy.Program, ["-db", "-f", file], folder.File("log"));
        return new SentinelHaproxy(process, folder, port);
    }

    /// <summary>Waits until all new connections go to that server.</summary>
    public Task WaitUntilItLeadsToAsync(RedisServer master, TimeSpan within) =>
        Eventually.Within(within, () => LeadsToAsync(master), $"HAProxy leads to {master} only; its last lines:\n{_process.LogTail}");

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    // on-marked-down shutdown-sessions: without it a client stays connected to a server that is no master any more, and gets READONLY
    // until it goes by itself. That is the friendlier configuration, and the usual one.
    private static string Configuration(int port, IReadOnlyList<RedisServer> servers) => $"""
        global
            maxconn 4096

        defaults
            mode tcp
            timeout connect 5s
            timeout client 1m
            timeout server 1m

        listen redis
            bind 127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}
            option tcp-check
            tcp-check connect
            tcp-check send PING\r\n
            tcp-check expect string +PONG
            tcp-check send info\ replication\r\n
            tcp-check expect string role:master
            tcp-check send QUIT\r\n
            tcp-check expect string +OK
            default-server check inter 1s on-marked-down shutdown-sessions
            {string.Join("\n    ", servers.Select(server => $"server {server.Name} {server.Endpoint}"))}

        """;

    private async Task<bool> LeadsToAsync(RedisServer master)
    {
        for (int i = 0; i < Probes; i++)
        {
            using RawClient client = await RawClient.ConnectAsync(Port);
            RawReply port = await client.CallAsync("CONFIG", "GET", "port");
            if (port.Items.Count != 2 || port.Items[1].Number != master.Port)
            {
                return false;
            }
        }

        return true;
    }
}
