using System.Net;

namespace RedisProxy.EventLoops;

/// <summary>The part with the addresses of both ends.</summary>
internal sealed partial class LoopSocket
{
    /// <summary>
    /// Null on a unix socket and after closing. Asks the kernel, so not to be read for every request. Set when a PROXY header names the
    /// real client.
    /// </summary>
    public IPEndPoint? PeerAddress
    {
        get => field ?? (IsClosed ? null : _loop.Kernel.PeerAddress(_fd));
        set;
    }

    /// <summary>As <see cref="PeerAddress"/>, for this end.</summary>
    public IPEndPoint? LocalAddress => IsClosed ? null : _loop.Kernel.LocalAddress(_fd);

    /// <summary>
    /// A connect to a local port without a listener, which the kernel also chose as the socket's own port, connects the socket to itself
    /// (RFC 9293, 3.5, simultaneous open): whatever is sent comes back. Asks the kernel.
    /// </summary>
    public bool IsConnectedToItself => LocalAddress is { } local && local.Equals(PeerAddress);
}
