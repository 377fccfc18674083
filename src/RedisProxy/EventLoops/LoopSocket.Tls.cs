using System.Net.Security;

namespace RedisProxy.EventLoops;

/// <summary>The part that makes a socket speak TLS: afterwards it is used as before, and what it receives and sends is plaintext.</summary>
internal sealed partial class LoopSocket
{
    private TlsLayer? _tls;

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
            _readiness &= tls.IsReadable ? ~Readiness.None : ~Readiness.Readable;
            await WaitReadableAsync();
            if (IsClosed)
            {
                return new IOException("the connection was closed during the handshake");
            }

            tls.GoOn();
        }

        // The first bytes behind the handshake may have come with it, and then the kernel has nothing to tell.
        _readiness |= Readiness.Readable;
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
