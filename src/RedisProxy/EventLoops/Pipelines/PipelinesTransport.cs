using System.ComponentModel;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace RedisProxy.EventLoops;

/// <summary>
/// The framework's sockets: for every operating system, and for sandboxes that permit no system calls of our own. What only Linux has is
/// not here: one socket listens for all loops, and a successor cannot steer clients to itself.
/// </summary>
internal sealed class PipelinesTransport : SocketTransport
{
    private readonly SocketTable _sockets = new();

    public override string Name => "pipelines";

    public override bool SpreadsConnections => false;

    public override Kernel CreateKernel() => new PipelinesKernel(_sockets);

    public override int Listen(IPEndPoint endpoint, TcpSettings accepted)
    {
        // Shared with an older socket of this process, or of one that this one replaces.
        Socket socket = Bind(CreateTcp(endpoint, isShared: true), endpoint, endpoint.ToString());
        return BeginToListen(socket, accepted, endpoint.ToString());
    }

    public override void RequireFree(IPEndPoint endpoint) =>
        Bind(CreateTcp(endpoint, isShared: false), endpoint, endpoint.ToString()).Dispose();

    public override int ListenUnix(string path, bool takesOver = false, SocketFile? access = null)
    {
        SocketPath.Require(path);
        if (IsServed(path) && !takesOver)
        {
            throw new Win32Exception(Errno.AddressInUse, $"cannot listen on unix:{path}: another process listens there");
        }

        // Under another name first: at the path it appears with its mode, and listening.
        string bindTo = path + SocketPath.Beside;
        string name = "unix:" + path;
        SocketPath.Require(bindTo);
        Socket socket = CreateUnix();
        try
        {
            File.Delete(bindTo);
            socket.Bind(new UnixDomainSocketEndPoint(bindTo));
        }
        catch (Exception refused) when (refused is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw SocketPath.Refusal(
                refused is SocketException { SocketErrorCode: var error } ? Errno.Of(error) : Errno.AccessDenied, path);
        }

        Grant(socket, bindTo, name, access);
        int listening = BeginToListen(socket, accepted: null, name);
        if (!SocketPath.TryReplace(path, bindTo))
        {
            Close(listening);
            File.Delete(bindTo);
            throw SocketPath.Refusal(Errno.AccessDenied, path);
        }

        return listening;
    }

    public override bool IsServed(string path)
    {
        using Socket socket = CreateUnix();
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public override void SetAccepted(int listening, TcpSettings accepted)
    {
        var listener = (PipelinesListener)_sockets[listening];
        listener.Settings = listener.Settings is null ? null : accepted;
    }

    public override void Close(int socket) => _sockets.Remove(socket).Close(abort: false);

    public override IPEndPoint? LocalAddress(int socket) => _sockets[socket].LocalAddress;

    public override nint HandleOf(int listening) => _sockets[listening].Socket.Handle;

    public override nint Release(int listening)
    {
        SafeSocketHandle handle = _sockets.Remove(listening).Socket.SafeHandle;
        nint released = handle.DangerousGetHandle();
        handle.SetHandleAsInvalid();
        return released;
    }

    public override int CountListening(IPEndPoint endpoint) =>
        IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Count(endpoint.Equals);

    public override bool TrySteer(int listening, int first, int count) => false;

    public override void Unsteer(int listening)
    {
        // It was never steered.
    }

    public override bool TryTurnAway(int listening) => false;

    private static void Grant(Socket socket, string file, string name, SocketFile? access)
    {
        try
        {
            if (OperatingSystem.IsLinux() && access is not null)
            {
                SocketFiles.Apply(file, access);
            }
            else if (!OperatingSystem.IsWindows() && access?.Mode is { } mode)
            {
                File.SetUnixFileMode(file, mode);
            }
        }
        catch (Exception refused) when (refused is Win32Exception or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            File.Delete(file);
            throw new Win32Exception((refused as Win32Exception)?.NativeErrorCode ?? 0, $"cannot listen on {name}: {refused.Message}");
        }
    }

    private static Socket CreateUnix() => new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private static Socket CreateTcp(IPEndPoint endpoint, bool isShared)
    {
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (endpoint.Address.Equals(IPAddress.IPv6Any))
        {
            socket.DualMode = true;
        }

        if (isShared)
        {
            // The framework maps this to SO_REUSEPORT where there is such an option.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        }

        return socket;
    }

    private static Socket Bind(Socket socket, EndPoint endpoint, string name)
    {
        OrClose(socket, name, () => socket.Bind(endpoint));
        return socket;
    }

    private int BeginToListen(Socket socket, TcpSettings? accepted, string name)
    {
        OrClose(socket, name, () => socket.Listen(Backlog));
        return _sockets.Add(new PipelinesListener(socket, accepted));
    }

    private static void OrClose(Socket socket, string name, Action action)
    {
        try
        {
            action();
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            int error = Errno.Of(failure.SocketErrorCode);
            throw new Win32Exception(error, $"cannot listen on {name}: {Errno.Describe(error)}");
        }
    }
}
