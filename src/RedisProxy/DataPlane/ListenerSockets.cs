using System.ComponentModel;
using System.Net;
using System.Net.Sockets;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;

namespace RedisProxy.DataPlane;

/// <summary>
/// The listening sockets of one address. On TCP every loop has its own where the transport spreads connections over them; otherwise, and
/// on a unix path, there is one. Bound here, served by others.
/// </summary>
/// <param name="Bind">The configured address.</param>
/// <param name="Bound">A name may have several addresses.</param>
/// <param name="Transport">Made them.</param>
internal sealed record ListenerSockets(BindAddress Bind, IReadOnlyList<BoundSocket> Bound, SocketTransport Transport)
{
    /// <summary>Connections go to the loop that accepts them. Otherwise they are dealt out to all.</summary>
    public bool AreSpread => Bind.UnixPath is null && Transport.SpreadsConnections;

    /// <param name="transport">Makes the sockets.</param>
    /// <param name="bind">The configured address.</param>
    /// <param name="loops">Number of loops that serve the address.</param>
    /// <param name="accepted">Settings of accepted sockets.</param>
    /// <param name="sharing">Other users of the address.</param>
    /// <param name="file">Who may connect, where the address is a file; null: as the process's umask says.</param>
    /// <param name="cancel">Ends the resolution of a name.</param>
    /// <exception cref="Win32Exception">The address cannot be bound; nothing is left open.</exception>
    public static async Task<ListenerSockets> BindAsync(
        SocketTransport transport,
        BindAddress bind,
        int loops,
        TcpSettings accepted,
        AddressSharing sharing,
        SocketFile? file,
        CancellationToken cancel)
    {
        bool takesOver = sharing == AddressSharing.TakesOver;
        if (bind.UnixPath is { } path)
        {
            int fd = transport.ListenUnix(path, takesOver, file);
            return new ListenerSockets(bind, [new BoundSocket(0, fd, Endpoint: null)], transport);
        }

        HostEndpoint endpoint = bind.Tcp!;
        IPAddress[] addresses = endpoint.Address is { } address ? [address] : await ResolveAsync(endpoint, cancel);
        var bound = new List<BoundSocket>();
        try
        {
            foreach (IPAddress bindTo in addresses)
            {
                BindAll(transport, new IPEndPoint(bindTo, endpoint.Port), loops, accepted, takesOver, bound);
            }
        }
        catch
        {
            bound.ForEach(socket => transport.Close(socket.Fd));
            throw;
        }

        return new ListenerSockets(bind, bound, transport);
    }

    /// <summary>Changes the settings of sockets accepted from now on.</summary>
    public void Set(TcpSettings accepted)
    {
        foreach (BoundSocket socket in Bound)
        {
            Transport.SetAccepted(socket.Fd, accepted);
        }
    }

    /// <summary>Instead of serving them.</summary>
    public void Close()
    {
        foreach (BoundSocket socket in Bound)
        {
            Transport.Close(socket.Fd);
        }

        RemoveFile();
    }

    /// <summary>After the socket of a unix path was closed. If another process has taken the path over, the file is that one's.</summary>
    public void RemoveFile()
    {
        if (Bind.UnixPath is { } path && !Transport.IsServed(path))
        {
            File.Delete(path);
        }
    }

    private static async Task<IPAddress[]> ResolveAsync(HostEndpoint endpoint, CancellationToken cancel)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(endpoint.Host, cancel);
        }
        catch (SocketException unknown)
        {
            throw new Win32Exception(unknown.NativeErrorCode, $"cannot listen on {endpoint}: {unknown.Message}");
        }
    }

    private static void BindAll(
        SocketTransport transport, IPEndPoint endpoint, int loops, TcpSettings accepted, bool takesOver, List<BoundSocket> bound)
    {
        if (!takesOver)
        {
            transport.RequireFree(endpoint);
        }

        for (int loop = 0; loop < (transport.SpreadsConnections ? loops : 1); loop++)
        {
            bound.Add(new BoundSocket(loop, transport.Listen(endpoint, accepted), endpoint));
        }
    }
}

/// <summary>Other permitted users of an address.</summary>
internal enum AddressSharing
{
    /// <summary>No other socket may listen there.</summary>
    None = 0,

    /// <summary>Another process of this user, or an older socket of this one, may listen there.</summary>
    TakesOver,
}

/// <param name="Loop">Index of its loop.</param>
/// <param name="Fd">Listening, as its <see cref="SocketTransport"/> knows it.</param>
/// <param name="Endpoint">Null: a unix path.</param>
internal readonly record struct BoundSocket(int Loop, int Fd, IPEndPoint? Endpoint);
