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

    /// <param name="socket">Connected. Taken over, unless this throws.</param>
    /// <param name="tls">Null: in plain text.</param>
    /// <param name="host">As it was dialled, when by a name of the configuration.</param>
    /// <param name="stop">Gives up.</param>
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

    /// <summary>How long ago the kernel has received the last bytes, read or not; zero when it does not say.</summary>
    public TimeSpan SinceReceived => SocketSettings.SinceReceived(_socket);

    /// <summary>Orderly: to dispose of a socket that is being read aborts the connection.</summary>
    /// <param name="isAbort">What was sent and has not arrived is thrown away.</param>
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
