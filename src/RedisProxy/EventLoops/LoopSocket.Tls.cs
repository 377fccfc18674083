using System.Net.Security;

namespace RedisProxy.EventLoops;

/// <summary>The part that makes a socket speak TLS: afterwards it is used as before, and what it receives and sends is plaintext.</summary>
internal sealed partial class LoopSocket
{
    private TlsLayer? _tls;

    /// <summary>Before the handshake: what the peer has sent so far, which stays with the kernel.</summary>
    /// <returns>As of <see cref="TryReceive"/>.</returns>
    public unsafe int TryPeek(byte* buffer, int length) => IsClosed ? -Errno.Canceled : _loop.Kernel.Peek(_fd, buffer, length);

    /// <summary>After <see cref="TryPeek"/>: until there is more than that, or the peer has closed.</summary>
    public ValueTask WaitForMoreAsync()
    {
        _readiness &= IsPeerClosed ? ~SocketReadiness.None : ~SocketReadiness.Readable;
        return WaitReadableAsync();
    }

    /// <summary>The kernel has something that was not received yet, or knows that nothing more comes.</summary>
    public unsafe bool HasInput()
    {
        byte one;
        return TryPeek(&one, 1) != SocketCalls.WouldBlock;
    }

    /// <summary>
    /// The handshake, once, with nobody else waiting for the socket. It has no deadline: whoever closes the socket ends it. When it
    /// failed, the socket is only good for closing.
    /// </summary>
    /// <param name="authenticate">Client's or server's part; told the stream, begins at once, and stays on the loop.</param>
    /// <returns>Null: the socket is secure. Else why it is not; an <see cref="EndOfStreamException"/> when the peer never said a thing.
    /// </returns>
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

            tls.GoOn();
        }

        // The first bytes behind the handshake may have come with it, and then the kernel has nothing to tell.
        _readiness |= SocketReadiness.Readable;
        if (tls.HandshakeError is { } error)
        {
            // Plain again, so that what the peer still says can be drained before the close.
            tls.Dispose();
            _tls = null;
            return tls.HasReceived ? error : new EndOfStreamException("the connection ended without a word", error);
        }

        return null;
    }
}
