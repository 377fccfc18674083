using System.Globalization;
using System.Net.Sockets;

namespace RedisProxy.Testing;

/// <summary>Debian's HAProxy as a TCP load balancer on a free loopback port, in front of one server.</summary>
public sealed class HaproxyServer : IAsyncDisposable
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(10);

    private readonly ChildProcess _process;
    private readonly TemporaryFolder _folder;

    private HaproxyServer(ChildProcess process, TemporaryFolder folder, int port)
    {
        _process = process;
        _folder = folder;
        Port = port;
    }

    public int Port { get; }

    public string Endpoint => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <param name="serverPort">Port of the server behind it.</param>
    /// <param name="bindWords">Appended to <c>bind</c>, such as <c>accept-proxy</c>.</param>
    /// <param name="serverWords">Appended to <c>server</c>, such as <c>send-proxy-v2</c>.</param>
    public static async Task<HaproxyServer> StartAsync(int serverPort, string bindWords = "", string serverWords = "")
    {
        var folder = new TemporaryFolder("haproxy");
        int port = FreePorts.Take();
        await File.WriteAllTextAsync(folder.File("configuration"), string.Create(CultureInfo.InvariantCulture, $"""
            defaults
                mode tcp
                timeout connect 5s
                timeout client 1h
                timeout server 1h
            listen redis
                bind 127.0.0.1:{port} {bindWords}
                server one 127.0.0.1:{serverPort} {serverWords}

            """));
        ChildProcess process = await ChildProcess.StartAsync(
            "haproxy", "/usr/sbin/haproxy", ["-db", "-f", folder.File("configuration")], folder.File("log"));
        var server = new HaproxyServer(process, folder, port);
        try
        {
            await Eventually.Within(
                StartWithin, async () => process.HasExited || await IsListeningAsync(port), "HAProxy listens, or has ended");
            return !process.HasExited ? server : throw new InvalidOperationException($"HAProxy ended at once:\n{process.LogTail}");
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }

    private static async Task<bool> IsListeningAsync(int port)
    {
        try
        {
            using RawClient client = await RawClient.ConnectAsync(port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
