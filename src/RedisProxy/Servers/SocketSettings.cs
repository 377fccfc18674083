using System.Net.Sockets;

using RedisProxy.Configuration;
using RedisProxy.Transport;

namespace RedisProxy.Servers;

/// <summary>How the control plane's sockets are opened and kept alive.</summary>
internal sealed record SocketSettings(TimeSpan ConnectTimeout, KeepAliveOptions KeepAlive, TimeSpan UserTimeout)
{
    private const int TcpLevel = 6;
    private const int TcpUserTimeout = 18;

    // struct tcp_info of linux/tcp.h, up to and including tcpi_last_data_recv.
    private const int TcpInfo = 11;
    private const int LastDataReceived = 52;

    /// <summary>Null: plain text.</summary>
    public PeerTls? Tls { get; init; }

    /// <summary>Connections begin with a PROXY header of type LOCAL, which stands for no client, see
    /// <c>backend.proxyProtocol</c>.</summary>
    public bool SendsProxyHeader { get; init; }

    /// <summary>How servers are reached.</summary>
    public static SocketSettings Of(BackendOptions options, PeerTls? tls) =>
        new(options.ConnectTimeout, options.KeepAlive, options.UserTimeout) { Tls = tls, SendsProxyHeader = options.ProxyProtocol };

    /// <summary>How long ago the kernel received the last bytes of a connection, read or not; zero when unknown.</summary>
    public static TimeSpan SinceReceived(Socket socket)
    {
        Span<byte> info = stackalloc byte[LastDataReceived + sizeof(uint)];
        try
        {
            return OperatingSystem.IsLinux() && socket.GetRawSocketOption(TcpLevel, TcpInfo, info) == info.Length
                ? TimeSpan.FromMilliseconds(BitConverter.ToUInt32(info[LastDataReceived..]))
                : TimeSpan.Zero;
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            return TimeSpan.Zero;
        }
    }

    public void ApplyTo(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, (int)KeepAlive.Time.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, (int)KeepAlive.Interval.TotalSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAlive.Retries);
        if (OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(TcpLevel, TcpUserTimeout, BitConverter.GetBytes((int)UserTimeout.TotalMilliseconds));
        }
    }
}
