using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace RedisProxy.EventLoops;

/// <summary>Makes sockets: listening ones at start, connecting and accepted ones while a loop runs.</summary>
internal static unsafe class Sockets
{
    // The kernel cuts it to net.core.somaxconn.
    public const int Backlog = 4096;

    /// <summary>A listening TCP descriptor. Every loop has its own on the same address; the kernel spreads connections.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="accepted">What accepted sockets are set to. On Linux they inherit it, so that no call is needed for each.</param>
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
    /// Fails when somebody listens there. A listening socket would share the address with those of another process of this user, and two
    /// proxies that were started by mistake would each get a part of the clients.
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

    /// <summary>A listening unix descriptor. A socket file that a dead process left behind is replaced.</summary>
    /// <param name="path">Where.</param>
    /// <param name="takesOver">
    /// Who listens there gets nobody new from now on. The path leads to one or the other socket at every moment: rename(2) is atomic.
    /// </param>
    /// <param name="isPrivate">Nobody but this user may connect. Else as the process's umask says.</param>
    /// <exception cref="Win32Exception">The path cannot be bound, or somebody listens there.</exception>
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
            // Before the file is there, which gets its mode from the socket: at no moment can others connect.
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

    /// <summary>Does somebody listen at this path? The file alone does not say so.</summary>
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
    /// Begins to connect. The socket is writable once the handshake is over, or failed; <see cref="LoopSocket.TakeError"/> tells which.
    /// </summary>
    /// <param name="error">A positive error number when it failed at once.</param>
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

        // Registered only now: an unconnected socket would report that it is hung up.
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

    /// <summary>Takes an accepted descriptor onto a loop. Null, and the descriptor closed, when the kernel cannot watch it.</summary>
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

    /// <summary>The first and the last port that the kernel gives to sockets which connect (ip(7), ip_local_port_range).</summary>
    public static (int First, int Last) EphemeralPorts { get; } = ReadEphemeralPorts();

    /// <summary>How many descriptors this process may have open (getrlimit(2)); the runtime has raised it to the hard limit.</summary>
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
            // [::] means every address, IPv4 ones too, as with redis's own "bind".
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
            // Any port may be one.
            return (1, ushort.MaxValue);
        }
    }
}
