using RedisProxy.Testing;

namespace RedisProxy.Load;

/// <summary>
/// HAProxy as it is used in front of Redis: TCP mode, one thread, everything else at its defaults. A small test of the connection comes
/// with it, because it also accepts while its backend is down.
/// </summary>
internal sealed class HaproxyServer : IAsyncDisposable
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(10);

    private readonly TemporaryFolder _folder;

    private HaproxyServer(ChildProcess process, TemporaryFolder folder, int port)
    {
        Process = process;
        _folder = folder;
        Port = port;
    }

    public ChildProcess Process { get; }

    public int Port { get; }

    /// <summary>Debian installs it where only root's PATH leads.</summary>
    public static string Program => File.Exists("/usr/sbin/haproxy") ? "/usr/sbin/haproxy" : "haproxy";

    public static async Task<HaproxyServer> StartAsync(RedisServer redis)
    {
        int port = FreePorts.Take();
        var folder = new TemporaryFolder("haproxy");
        string file = folder.File("haproxy.cfg");
        await File.WriteAllTextAsync(file, $"""
            global
                nbthread 1
                maxconn 4096

            defaults
                mode tcp
                timeout connect 5s
                timeout client 1m
                timeout server 1m

            listen redis
                bind 127.0.0.1:{port}
                server redis {redis.Endpoint}

            """);
        // -db: one process, in the foreground, so that its CPU time is all there is.
        ChildProcess process = await ChildProcess.StartAsync("haproxy", Program, ["-db", "-f", file], folder.File("log"));
        var server = new HaproxyServer(process, folder, port);
        try
        {
            await Eventually.Within(StartWithin, () => AnswersAsync(port), "PING is answered through HAProxy");
            return server;
        }
        catch (TimeoutException e)
        {
            await server.DisposeAsync();
            throw new InvalidOperationException($"{e.Message} Its last lines:\n{process.LogTail}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _folder.Dispose();
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        using RawClient client = await RawClient.ConnectAsync(port);
        return (await client.CallAsync("PING")).Text == "PONG";
    }
}
