using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace RedisProxy.EventLoops;

/// <summary>Creates sockets: listening ones at start, connecting and accepted ones while a loop runs.</summary>
internal static unsafe class Sockets
{
    // The kernel caps it at net.core.somaxconn.
    public const int Backlog = 4096;

    /// <summary>A listening TCP descriptor. Every loop has its own on the same address; the kernel spreads connections.</summary>
    /// <param name="endpoint">The address to bind.</param>
    /// <param name="accepted">Settings of accepted sockets, which on Linux inherit them, so that no call is needed for each.</param>
    /// <exception cref="Win32Exception">The address cannot be bound.</exception>
    public static int Listen(IPEndPoint endpoint, TcpSettings accepted)
    {
        byte* address = stackalloc byte[SocketAddress.MaxBytes];
        int length = SocketAddress.Write(endpoint, new Span<byte>(address, SocketAddress.MaxBytes));
        int fd = CreateTcp(endpoint);
        SetFlag(fd, LibcConstants.SolSocket, LibcConstants.SoReusePort, 1);
        accepted.ApplyTo(fd);
        Bind(fd, address, length, endpoint.ToString());
        BeginToListen(fd, endpoint.ToString());
        return fd;
    }

    /// <summary>
    /// Fails if the address is already in use. A listening socket would share it with those of another process of this user, and two
    /// proxies started by mistake would each get part of the clients.
    /// </summary>
    /// <exception cref="Win32Exception">The address is taken, or cannot be bound at all.</exception>
    public static void RequireFree(IPEndPoint endpoint)
    {
        byte* address = stackalloc byte[SocketAddress.MaxBytes];
        int length = SocketAddress.Write(endpoint, new Span<byte>(address, SocketAddress.MaxBytes));
        int fd = CreateTcp(endpoint);
        Bind(fd, address, length, endpoint.ToString());
        _ = Libc.Close(fd);
    }

    /// <summary>A listening unix descriptor. A socket file left behind by a dead process is replaced.</summary>
    /// <param name="path">The path to bind.</param>
    /// <param name="takesOver">
    /// A process that already listens there gets no new connections from now on. At every moment the path leads to one socket or the
    /// other: rename(2) is atomic.
    /// </param>
    /// <param name="isPrivate">Only this user may connect. Otherwise as the process's umask says.</param>
    /// <exception cref="Win32Exception">The path cannot be bound, or another process listens there.</exception>
    public static int ListenUnix(string path, bool takesOver = false, bool isPrivate = false)
    {
        bool isServed = IsServed(path);
        if (isServed && !takesOver)
        {
            throw new Win32Exception(Errno.AddressInUse, $"cannot listen on unix:{path}: another process listens there");
        }

        string bindTo = isServed ? path + "~" : path;
        _ = Libc.Unlink(bindTo);
        byte* address = stackalloc byte[SocketAddress.MaxBytes];
        int length = SocketAddress.WriteUnix(bindTo, new Span<byte>(address, SocketAddress.MaxBytes));
        int fd = Create(LibcConstants.AfUnix);
        if (isPrivate)
        {
            // Before bind creates the file, which takes its mode from the socket: at no moment can others connect.
            _ = Libc.ChangeMode(fd, LibcConstants.OwnerOnly);
        }

        Bind(fd, address, length, "unix:" + path);
        BeginToListen(fd, "unix:" + path);
        if (isServed)
        {
            File.Move(bindTo, path, overwrite: true);
        }

        return fd;
    }

    /// <summary>Does a process listen at this path? The file alone does not say so.</summary>
    public static bool IsServed(string path)
    {
        byte* address = stackalloc byte[SocketAddress.MaxBytes];
        int length = SocketAddress.WriteUnix(path, new Span<byte>(address, SocketAddress.MaxBytes));
        int fd = Create(LibcConstants.AfUnix);
        bool isServed = Libc.Connect(fd, address, (uint)length) == 0;
        _ = Libc.Close(fd);
        return isServed;
    }

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

    /// <summary>The first and last port that the kernel assigns to outgoing connections (ip(7), ip_local_port_range).</summary>
    public static (int First, int Last) EphemeralPorts { get; } = ReadEphemeralPorts();

    /// <summary>The limit on open descriptors of this process (getrlimit(2)); the runtime has raised it to the hard limit.</summary>
    public static long MaxOpenFiles
    {
        get
        {
            ulong* limits = stackalloc ulong[2];
            return Libc.GetLimit(LibcConstants.LimitOpenFiles, limits) == 0 && limits[0] < long.MaxValue ? (long)limits[0] : long.MaxValue;
        }
    }

    public static IPEndPoint? LocalAddress(int fd) => SocketCalls.LocalAddress(fd);

    public static void Close(int fd) => _ = Libc.Close(fd);

    private static int Create(int family)
    {
        int fd = Libc.Socket(family, LibcConstants.StreamNonBlocking, 0);
        return fd >= 0 ? fd : throw new Win32Exception(Errno.Last);
    }

    private static int CreateTcp(IPEndPoint endpoint)
    {
        int fd = Create(SocketAddress.FamilyOf(endpoint));
        SetFlag(fd, LibcConstants.SolSocket, LibcConstants.SoReuseAddress, 1);
        if (endpoint.Address.Equals(IPAddress.IPv6Any))
        {
            // [::] means every address, including IPv4, as with redis's own "bind".
            SetFlag(fd, LibcConstants.IpProtoIpv6, LibcConstants.Ipv6Only, 0);
        }

        return fd;
    }

    private static void Bind(int fd, byte* address, int length, string name) =>
        CloseOnFailure(fd, Libc.Bind(fd, address, (uint)length), name);

    private static void BeginToListen(int fd, string name) => CloseOnFailure(fd, Libc.Listen(fd, Backlog), name);

    private static void CloseOnFailure(int fd, int result, string name)
    {
        if (result != 0)
        {
            int error = Errno.Last;
            _ = Libc.Close(fd);
            throw new Win32Exception(error, $"cannot listen on {name}: {Errno.Describe(error)}");
        }
    }

    private static void SetFlag(int fd, int level, int option, int value) =>
        _ = Libc.SetOption(fd, level, option, &value, sizeof(int));

    private static (int First, int Last) ReadEphemeralPorts()
    {
        try
        {
            string[] words = File.ReadAllText("/proc/sys/net/ipv4/ip_local_port_range").Split('\t', StringSplitOptions.TrimEntries);
            int[] ports = [.. words.Select(word => int.Parse(word, CultureInfo.InvariantCulture))];
            return (ports[0], ports[1]);
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException)
        {
            // Assume that any port may be one.
            return (1, ushort.MaxValue);
        }
    }
}
