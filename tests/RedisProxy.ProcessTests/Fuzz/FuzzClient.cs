using System.Net;
using System.Net.Sockets;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>The client's end of a proxied connection: says what it is told, and takes whatever comes at any time.</summary>
internal sealed class FuzzClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>To be looked at when all is received; until then see <see cref="Replies"/>.</summary>
    public Frames Frames { get; } = new();

    /// <summary>Released when something came.</summary>
    public SemaphoreSlim News { get; } = new(0);

    /// <summary>The other side has closed.</summary>
    public bool IsEnded { get; private set; }

    public IReadOnlyList<string> Replies
    {
        get
        {
            lock (Frames)
            {
                return [.. Frames.Replies];
            }
        }
    }

    /// <returns>Done at the end of the connection.</returns>
    public async Task<Task> ConnectAsync(int port)
    {
        await _socket.ConnectAsync(IPAddress.Loopback, port);
        return ReceiveAsync();
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, int timeoutMs)
    {
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromMilliseconds(timeoutMs), TimeProvider.System);
            while (bytes.Length > 0)
            {
                bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, timeout.Token)..];
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The receiving side sees the end.
        }
    }

    public void EndInput()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // It has ended already.
        }
    }

    public void Close() => _socket.Dispose();

    public void Dispose()
    {
        Close();
        News.Dispose();
    }

    private async Task ReceiveAsync()
    {
        byte[] room = new byte[64 * 1024];
        try
        {
            while (await _socket.ReceiveAsync(room) is var received and > 0)
            {
                lock (Frames)
                {
                    Frames.Add(room.AsSpan(0, received));
                }

                News.Release();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // A reset is an end.
        }

        IsEnded = true;
    }
}
