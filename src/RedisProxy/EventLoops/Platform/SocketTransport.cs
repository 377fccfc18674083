using System.ComponentModel;
using System.Net;
using System.Runtime.Versioning;

namespace RedisProxy.EventLoops;

/// <summary>
/// How sockets are made and watched, chosen once for the process: a <see cref="Kernel"/> for each loop, and the listening sockets that the
/// loops, the admin surface and the facade serve. A socket is known by a number, which on Linux is its descriptor.
/// </summary>
internal abstract class SocketTransport
{
    /// <summary>The length of an accept queue. Linux caps it at net.core.somaxconn.</summary>
    public const int Backlog = 4096;

    /// <summary>For the log.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Several sockets can listen on one TCP address, and the system spreads connections over them. Otherwise one listens, and its loop
    /// deals connections out.
    /// </summary>
    public abstract bool SpreadsConnections { get; }

    /// <summary>Open connections can be passed on to another process.</summary>
    [SupportedOSPlatformGuard("linux")]
    public virtual bool PassesConnections => false;

    /// <summary>Disposed by its loop.</summary>
    public abstract Kernel CreateKernel();

    /// <summary>A listening TCP socket.</summary>
    /// <param name="endpoint">The address to bind. <c>[::]</c> means every address, including IPv4, as with redis's own "bind".</param>
    /// <param name="accepted">Settings of accepted sockets.</param>
    /// <exception cref="Win32Exception">The address cannot be bound.</exception>
    public abstract int Listen(IPEndPoint endpoint, TcpSettings accepted);

    /// <summary>
    /// Fails if the address is already in use. A listening socket would share it with those of another process of this user, and two
    /// proxies started by mistake would each get part of the clients.
    /// </summary>
    /// <exception cref="Win32Exception">The address is taken, or cannot be bound at all.</exception>
    public abstract void RequireFree(IPEndPoint endpoint);

    /// <summary>A listening unix socket. A socket file left behind by a dead process is replaced.</summary>
    /// <param name="path">The path to bind.</param>
    /// <param name="takesOver">
    /// A process that already listens there gets no new connections from now on. At every moment the path leads to one socket or the
    /// other: rename(2) is atomic.
    /// </param>
    /// <param name="access">Who may connect. Null: as the process's umask says.</param>
    /// <exception cref="Win32Exception">
    /// The path cannot be bound, its file cannot be given away like that, or another process listens there.
    /// </exception>
    public abstract int ListenUnix(string path, bool takesOver = false, SocketFile? access = null);

    /// <summary>Does a process listen at this path? The file alone does not say so.</summary>
    public abstract bool IsServed(string path);

    /// <summary>Changes the settings of sockets that a listening one accepts from now on.</summary>
    public abstract void SetAccepted(int listening, TcpSettings accepted);

    /// <summary>Of a socket that no loop watches.</summary>
    public abstract void Close(int socket);

    /// <summary>Null on a unix socket.</summary>
    public abstract IPEndPoint? LocalAddress(int socket);

    /// <summary>The operating system's handle of a listening socket, which stays ours.</summary>
    public abstract nint HandleOf(int listening);

    /// <summary>As <see cref="HandleOf"/>, but from now on the socket is the caller's to close.</summary>
    public abstract nint Release(int listening);

    /// <summary>How many sockets listen on exactly this address now, in all processes.</summary>
    public abstract int CountListening(IPEndPoint endpoint);

    /// <summary>
    /// From now on only these sockets of an address get new connections. Connections already queued elsewhere stay there.
    /// </summary>
    /// <param name="listening">Any socket of the address.</param>
    /// <param name="first">Number of its sockets that began to listen before them.</param>
    /// <param name="count">Number of these sockets, at least one.</param>
    /// <returns>False: not supported here.</returns>
    public abstract bool TrySteer(int listening, int first, int count);

    /// <summary>Lets all sockets of the address get new connections again.</summary>
    public abstract void Unsteer(int listening);

    /// <summary>
    /// Drops every new SYN to this socket; handshakes in progress continue. The client retransmits after a second (RFC 6298), perhaps to
    /// another socket of the address by then; a reset would be final.
    /// </summary>
    /// <returns>False: not supported here.</returns>
    public abstract bool TryTurnAway(int listening);
}
