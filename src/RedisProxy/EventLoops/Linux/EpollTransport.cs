using System.ComponentModel;
using System.Net;
using System.Runtime.Versioning;

namespace RedisProxy.EventLoops;

/// <summary>
/// Linux: epoll, and sockets that are descriptors. Every loop has a listening socket of its own on a TCP address (SO_REUSEPORT); accepted
/// sockets inherit its settings, so that no call is needed for each.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed unsafe class EpollTransport : SocketTransport
{
    public override string Name => "epoll";

    public override bool SpreadsConnections => true;

    public override bool PassesConnections => true;

    public override Kernel CreateKernel() => new LinuxKernel();

    public override int Listen(IPEndPoint endpoint, TcpSettings accepted)
    {
        byte* address = stackalloc byte[SocketAddress.MaxBytes];
        int length = SocketAddress.Write(endpoint, new Span<byte>(address, SocketAddress.MaxBytes));
        int fd = CreateTcp(endpoint);
        SocketCalls.SetOption(fd, LibcConstants.SolSocket, LibcConstants.SoReusePort, 1);
        SocketCalls.SetOptions(fd, accepted);
        Bind(fd, address, length, endpoint.ToString());
        BeginToListen(fd, endpoint.ToString());
        return fd;
    }

    public override void RequireFree(IPEndPoint endpoint)
    {
        byte* address = stackalloc byte[SocketAddress.MaxBytes];
        int length = SocketAddress.Write(endpoint, new Span<byte>(address, SocketAddress.MaxBytes));
        int fd = CreateTcp(endpoint);
        Bind(fd, address, length, endpoint.ToString());
        _ = Libc.Close(fd);
    }

    public override int ListenUnix(string path, bool takesOver = false, SocketFile? access = null)
    {
        SocketPath.Require(path);
        bool isServed = IsServed(path);
        if (isServed && !takesOver)
        {
            throw new Win32Exception(Errno.AddressInUse, $"cannot listen on unix:{path}: another process listens there");
        }

        string bindTo = isServed ? path + SocketPath.Beside : path;
        SocketPath.Require(bindTo);
        if (Libc.Unlink(bindTo) != 0 && Errno.Last is var error && File.Exists(bindTo))
        {
            throw SocketPath.Refusal(error, path);
        }

        byte* address = stackalloc byte[SocketAddress.MaxBytes];
        int length = SocketAddress.WriteUnix(bindTo, new Span<byte>(address, SocketAddress.MaxBytes));
        int fd = Create(LibcConstants.AfUnix);
        if (Libc.Bind(fd, address, (uint)length) != 0)
        {
            error = Errno.Last;
            _ = Libc.Close(fd);
            throw SocketPath.Refusal(error, path);
        }

        Grant(fd, bindTo, path, access);
        BeginToListen(fd, "unix:" + path);
        if (isServed && !SocketPath.TryReplace(path, bindTo))
        {
            _ = Libc.Close(fd);
            _ = Libc.Unlink(bindTo);
            throw SocketPath.Refusal(Errno.AccessDenied, path);
        }

        return fd;
    }

    public override bool IsServed(string path)
    {
        byte* address = stackalloc byte[SocketAddress.MaxBytes];
        int length = SocketAddress.WriteUnix(path, new Span<byte>(address, SocketAddress.MaxBytes));
        int fd = Create(LibcConstants.AfUnix);

        // Somebody listens there also if the queue is full, or the file's mode shuts this user out.
        int error = Libc.Connect(fd, address, (uint)length) == 0 ? 0 : Errno.Last;
        bool isServed = error is 0 or Errno.Again || (error == Errno.AccessDenied && File.Exists(path));
        _ = Libc.Close(fd);
        return isServed;
    }

    public override void SetAccepted(int listening, TcpSettings accepted) => SocketCalls.SetOptions(listening, accepted);

    public override void Close(int socket) => _ = Libc.Close(socket);

    public override IPEndPoint? LocalAddress(int socket) => SocketCalls.LocalAddress(socket);

    public override nint HandleOf(int listening) => listening;

    public override nint Release(int listening) => listening;

    public override int CountListening(IPEndPoint endpoint) => ListeningSockets.Count(endpoint);

    public override bool TrySteer(int listening, int first, int count) => ReusePortGroup.TrySteer(listening, first, count);

    public override void Unsteer(int listening) => ReusePortGroup.Release(listening);

    public override bool TryTurnAway(int listening) => ReusePortGroup.TryTurnAway(listening);

    private static int Create(int family)
    {
        int fd = Libc.Socket(family, LibcConstants.StreamNonBlocking, 0);
        return fd >= 0 ? fd : throw new Win32Exception(Errno.Last);
    }

    private static int CreateTcp(IPEndPoint endpoint)
    {
        int fd = Create(SocketAddress.FamilyOf(endpoint));
        SocketCalls.SetOption(fd, LibcConstants.SolSocket, LibcConstants.SoReuseAddress, 1);
        if (endpoint.Address.Equals(IPAddress.IPv6Any))
        {
            SocketCalls.SetOption(fd, LibcConstants.IpProtoIpv6, LibcConstants.Ipv6Only, 0);
        }

        return fd;
    }

    private static void Bind(int fd, byte* address, int length, string name) =>
        CloseOnFailure(fd, Libc.Bind(fd, address, (uint)length), name);

    // Not before bind creates the file, and not after the socket listens: at no moment can others connect.
    private static void Grant(int fd, string file, string path, SocketFile? access)
    {
        try
        {
            SocketFiles.Apply(file, access ?? new SocketFile(Mode: null, Group: null));
        }
        catch (Exception refused) when (refused is Win32Exception or IOException or UnauthorizedAccessException)
        {
            _ = Libc.Close(fd);
            _ = Libc.Unlink(file);
            throw new Win32Exception((refused as Win32Exception)?.NativeErrorCode ?? 0, $"cannot listen on unix:{path}: {refused.Message}");
        }
    }

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
}
