using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace RedisProxy.EventLoops;

/// <summary>The sockets that come into being while a loop runs: connecting and accepted ones.</summary>
internal static class Sockets
{
    /// <summary>
    /// Starts connecting. The socket becomes writable once it is connected or has failed; <see cref="LoopSocket.TakeError"/> tells which.
    /// </summary>
    /// <param name="error">A positive error number if it failed at once.</param>
    public static bool TryConnect(
        EventLoop loop, IPEndPoint endpoint, TcpSettings settings, [NotNullWhen(true)] out LoopSocket? socket, out int error)
    {
        socket = null;
        int fd = loop.Kernel.Connect(endpoint, settings);
        if (fd < 0)
        {
            error = -fd;
            return false;
        }

        // Registered only now: an unconnected socket would report a hang-up.
        var connecting = new LoopSocket(loop, fd);
        if (connecting.TryRegister(isConnected: false))
        {
            socket = connecting;
            error = 0;
            return true;
        }

        error = Errno.Last;
        loop.Kernel.Close(fd);
        return false;
    }

    /// <summary>Registers an accepted descriptor with a loop. Null, and the descriptor closed, if the kernel cannot watch it.</summary>
    public static LoopSocket? Adopt(EventLoop loop, int fd)
    {
        var socket = new LoopSocket(loop, fd);
        if (socket.TryRegister(isConnected: true))
        {
            return socket;
        }

        loop.Kernel.Close(fd);
        return null;
    }
}
