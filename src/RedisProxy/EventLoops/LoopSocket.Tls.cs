using System.Net.Security;

namespace RedisProxy.EventLoops;

/// <summary>The part that secures a socket with TLS: it is used as before, and what it receives and sends is plaintext.</summary>
internal sealed partial class LoopSocket
{
    private TlsLayer? _tls;

    /// <summary>Before the handshake: the bytes that the peer has sent so far, left in the kernel.</summary>
    /// <returns>As for <see cref="TryReceive"/>.</returns>
    public unsafe int TryPeek(byte* buffer, int length) => IsClosed ? -Errno.Canceled : _loop.Kernel.Peek(_fd, buffer, length);

    /// <summary>After <see cref="TryPeek"/>: waits for more bytes than it returned, or for the peer to close.</summary>
    public ValueTask WaitForMoreAsync()
    {
        _readiness &= IsPeerClosed ? ~SocketReadiness.None : ~SocketReadiness.Readable;
        return WaitReadableAsync();
    }

    /// <summary>The kernel holds bytes not received yet, or the end of the input.</summary>
    public unsafe bool HasInput()
    {
        byte one;
        return TryPeek(&one, 1) != Kernel.WouldBlock;
    }

    /// <summary>
    /// Runs the handshake, once, while nothing else waits for the socket. It has no deadline: closing the socket ends it. After a failure
    /// the socket can only be closed.
    /// </summary>
    /// <param name="authenticate">The client's or server's part; gets the stream, starts at once, and stays on the loop.</param>
    /// <returns>Null: it is secure. Otherwise the reason; an <see cref="EndOfStreamException"/> if the peer never sent a byte.</returns>
    public async Task<Exception?> SecureAsync(Func<SslStream, Task> authenticate)
    {
        if (IsClosed)
        {
            return new IOException(Errno.Describe(Errno.Canceled));
        }

        var tls = new TlsLayer(_loop, _fd, IsReadable);
        _tls = tls;
        tls.Begin(authenticate);
        while (!tls.IsHandshakeOver)
        {
            _readiness &= tls.IsReadable ? ~SocketReadiness.None : ~SocketReadiness.Readable;
            await WaitReadableAsync();
            if (IsClosed)
            {
                return new IOException("the connection was closed during the handshake");
            }

            tls.ContinueHandshake();
        }

        // The first bytes after the handshake may have arrived with it, in which case the kernel raises no further event.
        _readiness |= SocketReadiness.Readable;
        if (tls.HandshakeError is { } error)
        {
            // Plain again, so that what the peer still sends can be drained before the close.
            tls.Dispose();
            _tls = null;
            return tls.HasReceived ? error : new EndOfStreamException("the connection ended before the peer sent anything", error);
        }

        return null;
    }
}
