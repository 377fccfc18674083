using System.Runtime.Versioning;

namespace RedisProxy.EventLoops;

/// <summary>
/// Socket calls with a single number as result: the return value, or the negative error number. Interrupted calls are repeated.
/// </summary>
[SupportedOSPlatform("linux")]
internal static unsafe class SocketCalls
{
    /// <returns>Bytes received, 0 when the peer has shut down, or a negative error number.</returns>
    public static int Receive(int fd, byte* buffer, int length)
    {
        while (true)
        {
            int received = (int)Libc.Receive(fd, buffer, length, 0);
            if (received >= 0)
            {
                return received;
            }

            int errno = Errno.Last;
            if (errno != Errno.Interrupted)
            {
                return -errno;
            }
        }
    }

    /// <returns>Bytes available, which stay in the kernel, 0 when the peer has shut down, or a negative error number.</returns>
    public static int Peek(int fd, byte* buffer, int length)
    {
        // It does not wait, so no signal can interrupt it.
        int there = (int)Libc.Receive(fd, buffer, length, LibcConstants.Peek);
        return there >= 0 ? there : -Errno.Last;
    }

    /// <returns>Bytes sent, possibly fewer than asked, or a negative error number.</returns>
    public static int Send(int fd, byte* buffer, int length)
    {
        while (true)
        {
            int sent = (int)Libc.Send(fd, buffer, length, LibcConstants.NoSignal);
            if (sent >= 0)
            {
                return sent;
            }

            int errno = Errno.Last;
            if (errno != Errno.Interrupted)
            {
                return -errno;
            }
        }
    }

    /// <returns>The descriptor of the next connection, or a negative error number.</returns>
    public static int Accept(int fd)
    {
        int accepted = Libc.Accept(fd, null, null, LibcConstants.AcceptFlags);
        if (accepted < 0)
        {
            return -Errno.Last;
        }

        SpreadKeepAlive(accepted);
        return accepted;
    }

    /// <summary>See <see cref="TcpSettings.SpreadKeepAliveTime"/>. An accepted socket has the options of the listening one.</summary>
    public static void SpreadKeepAlive(int fd)
    {
        int time = 0;
        uint length = sizeof(int);
        if (Libc.GetOption(fd, LibcConstants.IpProtoTcp, LibcConstants.TcpKeepIdle, &time, &length) == 0)
        {
            SetOption(fd, LibcConstants.IpProtoTcp, LibcConstants.TcpKeepIdle, TcpSettings.SpreadKeepAliveTime(time, fd));
        }
    }

    /// <summary>No Nagle delay, keepalive on. Failures are ignored: a unix socket has none of these options.</summary>
    public static void SetOptions(int fd, TcpSettings settings)
    {
        SetOption(fd, LibcConstants.IpProtoTcp, LibcConstants.TcpNoDelay, 1);
        SetOption(fd, LibcConstants.SolSocket, LibcConstants.SoKeepAlive, 1);
        SetOption(fd, LibcConstants.IpProtoTcp, LibcConstants.TcpKeepIdle, settings.KeepAliveTime);
        SetOption(fd, LibcConstants.IpProtoTcp, LibcConstants.TcpKeepInterval, settings.KeepAliveInterval);
        SetOption(fd, LibcConstants.IpProtoTcp, LibcConstants.TcpKeepCount, settings.KeepAliveRetries);
        if (settings.UserTimeoutMs > 0)
        {
            SetOption(fd, LibcConstants.IpProtoTcp, LibcConstants.TcpUserTimeout, settings.UserTimeoutMs);
        }
    }

    public static void SetOption(int fd, int level, int option, int value) =>
        _ = Libc.SetOption(fd, level, option, &value, sizeof(int));

    /// <summary>The pending error of a socket, 0 for none, as a positive error number.</summary>
    public static int TakeError(int fd)
    {
        int error = 0;
        uint length = sizeof(int);
        return Libc.GetOption(fd, LibcConstants.SolSocket, LibcConstants.SoError, &error, &length) == 0 ? error : Errno.Last;
    }

    /// <summary>Time since the kernel received the last bytes of a TCP connection; 0 if it does not say.</summary>
    public static int MsSinceReceived(int fd)
    {
        byte* info = stackalloc byte[LibcConstants.TcpInfoBytes];
        uint length = LibcConstants.TcpInfoBytes;
        return Libc.GetOption(fd, LibcConstants.IpProtoTcp, LibcConstants.TcpInfo, info, &length) == 0
            ? (int)Math.Min(*(uint*)(info + LibcConstants.TcpInfoLastDataReceived), int.MaxValue)
            : 0;
    }

    /// <summary>Makes the next close send RST and discard unsent output.</summary>
    public static void SetAbortOnClose(int fd)
    {
        // struct linger { int l_onoff; int l_linger; }
        int* linger = stackalloc int[] { 1, 0 };
        _ = Libc.SetOption(fd, LibcConstants.SolSocket, LibcConstants.SoLinger, linger, 2 * sizeof(int));
    }

    /// <summary>Null on a unix socket.</summary>
    public static System.Net.IPEndPoint? PeerAddress(int fd)
    {
        byte* address = stackalloc byte[SocketAddress.MaxBytes];
        uint length = SocketAddress.MaxBytes;
        return Libc.GetPeerAddress(fd, address, &length) == 0
            ? SocketAddress.Read(new ReadOnlySpan<byte>(address, SocketAddress.MaxBytes))
            : null;
    }

    /// <summary>Null on a unix socket.</summary>
    public static System.Net.IPEndPoint? LocalAddress(int fd)
    {
        byte* address = stackalloc byte[SocketAddress.MaxBytes];
        uint length = SocketAddress.MaxBytes;
        return Libc.GetLocalAddress(fd, address, &length) == 0
            ? SocketAddress.Read(new ReadOnlySpan<byte>(address, SocketAddress.MaxBytes))
            : null;
    }
}
