using System.Net;

namespace RedisProxy.EventLoops;

/// <summary>The part that knows who is connected to whom.</summary>
internal sealed partial class LoopSocket
{
    /// <summary>
    /// Null on a unix socket and after closing. Asks the kernel, so not for every request. To be set when the peer says that it stands for
    /// somebody else.
    /// </summary>
    public IPEndPoint? PeerAddress
    {
        get => field ?? (IsClosed ? null : _loop.Kernel.PeerAddress(_fd));
        set;
    }

    /// <summary>As <see cref="PeerAddress"/>, of this side.</summary>
    public IPEndPoint? LocalAddress => IsClosed ? null : _loop.Kernel.LocalAddress(_fd);

    /// <summary>
    /// A connect to a port of this host that nobody listens on, and that the kernel chose as the socket's own port, connects the socket to
    /// itself (RFC 9293, 3.5, simultaneous open): whatever is sent comes back. Asks the kernel.
    /// </summary>
    public bool IsConnectedToItself => LocalAddress is { } local && local.Equals(PeerAddress);
}
