using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RedisProxy.Resp;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Resp;

/// <summary>
/// A real redis-server for the time of a test class. Its default user may run a few harmless commands only, so whatever a broken
/// request turns into, nothing stops, blocks or reconfigures the server; what is not allowed gets an error, which is a reply like any.
/// </summary>
public sealed class ThrowawayRedis : IAsyncLifetime
{
    private const int PortAttempts = 5;
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReplyTimeout = TimeSpan.FromSeconds(30);

    private static readonly string[] Rights =
        ["-@all", "+command", "+ping", "+echo", "+set", "+get", "+del", "+exists", "+strlen", "+type", "+mget", "+append"];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("redisproxy-resp-");
    private Process? _process;
    private int _port;

    public async ValueTask InitializeAsync()
    {
        for (int attempt = 0; attempt < PortAttempts; attempt++)
        {
            _port = FindFreePort();
            _process = Start();
            if (await AnswersWithinAsync(StartTimeout))
            {
                return;
            }
        }

        throw new InvalidOperationException($"{ServerRelease.Default.Server} does not start");
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null && !_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        _directory.Delete(recursive: true);
    }

    /// <summary>Sends the bytes on a connection of its own, then FIN, and returns all that comes until the server closes.</summary>
    public async Task<byte[]> ExchangeAsync(byte[] input)
    {
        using var timeout = new CancellationTokenSource(ReplyTimeout);
        using Socket socket = await ConnectAsync(timeout.Token);
        await socket.SendAsync(input, timeout.Token);
        socket.Shutdown(SocketShutdown.Send);
        return await ReceiveAsync(socket, _ => false, timeout.Token);
    }

    /// <summary>Sends one request without FIN, and returns its reply; nothing when the server closes instead.</summary>
    public async Task<byte[]> AskAsync(byte[] request)
    {
        using var timeout = new CancellationTokenSource(ReplyTimeout);
        using Socket socket = await ConnectAsync(timeout.Token);
        await socket.SendAsync(request, timeout.Token);
        ReplyScanner scanner = default;
        return await ReceiveAsync(socket, IsComplete, timeout.Token);

        bool IsComplete(byte[] received) => scanner.Scan(received, out _) == ScanStatus.Complete;
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket, Func<byte[], bool> isLast, CancellationToken cancellation)
    {
        var output = new List<byte>();
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            int received = await ReceiveOnceAsync(socket, buffer, cancellation);
            output.AddRange(buffer.AsSpan(0, received));
            if (received == 0 || isLast(buffer[..received]))
            {
                return [.. output];
            }
        }
    }

    // A server that refuses a stream before it has read all of it resets the connection; that is an end like any.
    private static async Task<int> ReceiveOnceAsync(Socket socket, byte[] buffer, CancellationToken cancellation)
    {
        try
        {
            return await socket.ReceiveAsync(buffer, cancellation);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Process Start()
    {
        string port = _port.ToString(CultureInfo.InvariantCulture);
        string[] arguments =
        [
            "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", _directory.FullName, "--logfile", "redis.log",
            "--user", "default", "on", "nopass", "~*", "&*", .. Rights,
        ];
        return Process.Start(new ProcessStartInfo(ServerRelease.Default.Server, arguments))
            ?? throw new InvalidOperationException("no process");
    }

    private async Task<bool> AnswersWithinAsync(TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit);
        while (!timeout.IsCancellationRequested && !_process!.HasExited)
        {
            try
            {
                using Socket socket = await ConnectAsync(timeout.Token);
                return true;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None);
            }
        }

        return false;
    }

    private async Task<Socket> ConnectAsync(CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, _port, cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
