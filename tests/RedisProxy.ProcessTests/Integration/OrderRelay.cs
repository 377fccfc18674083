using System.Net;
using System.Net.Sockets;
using System.Text;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>
/// Between a proxy and a Sentinel: passes everything on until a failover is ordered. Then the order goes through, and nothing comes back
/// on that connection any more.
/// </summary>
internal sealed class OrderRelay : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly SentinelServer _sentinel;
    private readonly Action<SentinelServer> _onOrder;

    /// <param name="sentinel">Whom it leads to.</param>
    /// <param name="onOrder">Called right after the order has been passed on.</param>
    public OrderRelay(SentinelServer sentinel, Action<SentinelServer> onOrder)
    {
        _sentinel = sentinel;
        _onOrder = onOrder;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>As <c>proxy.json</c> writes it.</summary>
    public string Endpoint => _listener.LocalEndpoint.ToString()!;

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptSocketAsync());
            }
        }
        catch (Exception end) when (end is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(Socket proxy)
    {
        using var sentinel = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (proxy)
        {
            try
            {
                await sentinel.ConnectAsync(IPAddress.Loopback, _sentinel.Port);
                bool isOrdered = false;
                Task there = PumpAsync(proxy, sentinel, bytes =>
                {
                    isOrdered |= Encoding.Latin1.GetString(bytes.Span).Contains("FAILOVER", StringComparison.Ordinal);
                    return true;
                });
                await Task.WhenAny(there, PumpAsync(sentinel, proxy, _ => !isOrdered));
            }
            catch (Exception end) when (end is SocketException or ObjectDisposedException)
            {
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Func<ReadOnlyMemory<byte>, bool> mayPass)
    {
        byte[] buffer = new byte[64 * 1024];
        while (await from.ReceiveAsync(buffer) is var received and > 0)
        {
            if (mayPass(buffer.AsMemory(0, received)))
            {
                await to.SendAsync(buffer.AsMemory(0, received));
                if (Encoding.Latin1.GetString(buffer, 0, received).Contains("FAILOVER", StringComparison.Ordinal))
                {
                    _onOrder(_sentinel);
                }
            }
        }
    }
}
