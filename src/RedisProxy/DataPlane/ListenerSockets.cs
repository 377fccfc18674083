using System.ComponentModel;
using System.Net;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;

namespace RedisProxy.DataPlane;

/// <summary>
/// The listening sockets of one address. On TCP every loop has its own and the kernel spreads connections over them (SO_REUSEPORT); a
/// unix path has one. Bound here, served by others.
/// </summary>
/// <param name="Bind">The configured address.</param>
/// <param name="Bound">A name may have several addresses.</param>
internal sealed record ListenerSockets(BindAddress Bind, IReadOnlyList<BoundSocket> Bound)
{
    /// <param name="bind">The configured address.</param>
    /// <param name="loops">Number of sockets for each TCP address.</param>
    /// <param name="accepted">Settings of accepted sockets.</param>
    /// <param name="sharing">Other users of the address.</param>
    /// <param name="cancel">Ends the resolution of a name.</param>
    /// <exception cref="Win32Exception">The address cannot be bound; nothing is left open.</exception>
    public static async Task<ListenerSockets> BindAsync(
        BindAddress bind, int loops, TcpSettings accepted, AddressSharing sharing, CancellationToken cancel)
    {
        bool takesOver = sharing.HasFlag(AddressSharing.TakesOver);
        if (bind.UnixPath is { } path)
        {
            int fd = Sockets.ListenUnix(path, takesOver, sharing.HasFlag(AddressSharing.OwnerOnly));
            return new ListenerSockets(bind, [new BoundSocket(0, fd, Endpoint: null)]);
        }

        HostEndpoint endpoint = bind.Tcp!;
        IPAddress[] addresses = endpoint.Address is { } address ? [address] : await Dns.GetHostAddressesAsync(endpoint.Host, cancel);
        var bound = new List<BoundSocket>();
        try
        {
            foreach (IPAddress bindTo in addresses)
            {
                BindAll(new IPEndPoint(bindTo, endpoint.Port), loops, accepted, takesOver, bound);
            }
        }
        catch
        {
            bound.ForEach(socket => Sockets.Close(socket.Fd));
            throw;
        }

        return new ListenerSockets(bind, bound);
    }

    /// <summary>Changes the settings of sockets accepted from now on.</summary>
    public void Set(TcpSettings accepted)
    {
        foreach (BoundSocket socket in Bound)
        {
            accepted.ApplyTo(socket.Fd);
        }
    }

    /// <summary>Instead of serving them.</summary>
    public void Close()
    {
        foreach (BoundSocket socket in Bound)
        {
            Sockets.Close(socket.Fd);
        }

        RemoveFile();
    }

    /// <summary>After the socket of a unix path was closed. If another process has taken the path over, the file is that one's.</summary>
    public void RemoveFile()
    {
        if (Bind.UnixPath is { } path && !Sockets.IsServed(path))
        {
            File.Delete(path);
        }
    }

    private static void BindAll(IPEndPoint endpoint, int loops, TcpSettings accepted, bool takesOver, List<BoundSocket> bound)
    {
        if (!takesOver)
        {
            Sockets.RequireFree(endpoint);
        }

        for (int loop = 0; loop < loops; loop++)
        {
            bound.Add(new BoundSocket(loop, Sockets.Listen(endpoint, accepted), endpoint));
        }
    }
}

/// <summary>Other permitted users of an address.</summary>
[Flags]
internal enum AddressSharing
{
    /// <summary>No other socket may listen there.</summary>
    None = 0,

    /// <summary>Another process of this user, or an older socket of this one, may listen there.</summary>
    TakesOver = 1,

    /// <summary>Only this user may connect, where the address is a file.</summary>
    OwnerOnly = 2,
}

/// <param name="Loop">Index of its loop.</param>
/// <param name="Fd">Listening.</param>
/// <param name="Endpoint">Null: a unix path.</param>
internal readonly record struct BoundSocket(int Loop, int Fd, IPEndPoint? Endpoint);
