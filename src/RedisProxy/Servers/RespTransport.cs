using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

using RedisProxy.Transport;

namespace RedisProxy.Servers;

/// <summary>The bytes below a <see cref="RespConnection"/>: a connected socket, with TLS on it or not.</summary>
internal sealed class RespTransport
{
    private readonly Socket _socket;
    private readonly SslStream? _secured;

    private RespTransport(Socket socket, SslStream? secured)
    {
        _socket = socket;
        _secured = secured;
    }

    /// <param name="socket">Connected. Owned by the transport, unless this throws.</param>
    /// <param name="tls">Null: in plain text.</param>
    /// <param name="host">The configured name that was dialled, if any.</param>
    /// <param name="stop">Aborts.</param>
    /// <exception cref="RespConnectionException">The handshake failed.</exception>
    [SuppressMessage("Reliability", "CA2000", Justification = "Both streams end with the socket; the transport owns them.")]
    public static async Task<RespTransport> OverAsync(Socket socket, PeerTls? tls, string? host, CancellationToken stop)
    {
        if (tls is null)
        {
            return new RespTransport(socket, secured: null);
        }

        var secured = new SslStream(new NetworkStream(socket, ownsSocket: false));
        try
        {
            await tls.AuthenticateAsync(secured, host, stop);
            return new RespTransport(socket, secured);
        }
        catch (Exception failure)
        {
            await secured.DisposeAsync();
            if (failure is AuthenticationException or IOException)
            {
                string reason = TlsFailure.Describe(failure);
                throw new RespConnectionException($"no TLS with {socket.RemoteEndPoint}: {reason}", byErrorReply: false);
            }

            throw;
        }
    }

    /// <returns>0 at the end.</returns>
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer) =>
        _secured is null ? _socket.ReceiveAsync(buffer) : _secured.ReadAsync(buffer, CancellationToken.None);

    public Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop) =>
        _secured is null ? _socket.SendAsync(bytes, stop).AsTask() : _secured.WriteAsync(bytes, stop).AsTask();

    /// <summary>How long ago the kernel received the last bytes, read or not; zero when unknown.</summary>
    public TimeSpan SinceReceived => SocketSettings.SinceReceived(_socket);

    /// <summary>Orderly: disposing of a socket that is being read would abort the connection.</summary>
    /// <param name="isAbort">Data sent but not yet delivered is discarded.</param>
    public void End(bool isAbort)
    {
        try
        {
            if (isAbort)
            {
                _socket.LingerState = new LingerOption(true, 0);
            }
            else
            {
                _socket.Shutdown(SocketShutdown.Both);
            }
        }
        catch (SocketException)
        {
            // The peer was faster.
        }

        _socket.Dispose();
        _secured?.Dispose();
    }
}
