using System.Net.Sockets;

using Pipelines.Sockets.Unofficial;

namespace RedisProxy.EventLoops;

/// <summary>Options of the framework's sockets, and what only Linux has of them.</summary>
internal static class PortableSockets
{
    private const int TcpLevel = 6;
    private const int TcpUserTimeout = 18;
    private const int TcpInfo = 11;
    private const int TcpInfoLastDataReceived = 52;

    /// <summary>No Nagle delay, keepalive on. A peer that has gone already is no failure here.</summary>
    public static void Apply(TcpSettings settings, Socket socket)
    {
        try
        {
            socket.NoDelay = true;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            int keepAliveTime = TcpSettings.SpreadKeepAliveTime(settings.KeepAliveTime, socket.GetHashCode());
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, keepAliveTime);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, settings.KeepAliveInterval);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, settings.KeepAliveRetries);
            if (OperatingSystem.IsLinux() && settings.UserTimeoutMs > 0)
            {
                socket.SetRawSocketOption(TcpLevel, TcpUserTimeout, BitConverter.GetBytes(settings.UserTimeoutMs));
            }
        }
        catch (SocketException)
        {
            // The next receive says what is wrong.
        }
    }

    /// <summary>The error number behind what a pipe threw.</summary>
    public static int ErrorOf(Exception failure) => failure switch
    {
        SocketException { SocketErrorCode: var error } => Errno.Of(error),
        ConnectionResetException => Errno.ConnectionReset,
        ConnectionAbortedException => Errno.ConnectionAborted,
        { InnerException: { } inner } => ErrorOf(inner),
        _ => Errno.InputOutput,
    };

    /// <summary>Time since the system received the last bytes of a TCP connection; 0 if it does not say.</summary>
    public static int MsSinceReceived(Socket socket)
    {
        Span<byte> info = stackalloc byte[TcpInfoLastDataReceived + sizeof(uint)];
        try
        {
            return OperatingSystem.IsLinux() && socket.GetRawSocketOption(TcpLevel, TcpInfo, info) == info.Length
                ? (int)Math.Min(BitConverter.ToUInt32(info[TcpInfoLastDataReceived..]), int.MaxValue)
                : 0;
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            return 0;
        }
    }
}
