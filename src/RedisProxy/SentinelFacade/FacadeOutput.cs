using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

using RedisProxy.Transport;

namespace RedisProxy.SentinelFacade;

/// <summary>
/// The output of one client, in order, from two writers: its own dialogue, and the server that publishes. Written under the lock
/// <see cref="Gate"/>, sent outside of it by one sender at a time, so that no writer waits for a client.
/// </summary>
internal sealed class FacadeOutput(FacadeWire wire, ReplyWriter reply)
{
    private TaskCompletionSource _sent = new();
    private bool _isSending;

    public Lock Gate { get; } = new();

    /// <summary>Sends what was written. Not under the lock.</summary>
    /// <returns>Completes when all of it is sent; fails when the connection has.</returns>
    public Task FlushAsync()
    {
        TaskCompletionSource sent;
        lock (Gate)
        {
            if (_isSending)
            {
                return _sent.Task;
            }

            if (reply.Length == 0)
            {
                return Task.CompletedTask;
            }

            _isSending = true;
            sent = _sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        _ = SendAsync(sent);
        return sent.Task;
    }

    private async Task SendAsync(TaskCompletionSource sent)
    {
        try
        {
            while (TakePending() is { } bytes)
            {
                await wire.SendAsync(bytes);
            }

            sent.SetResult();
        }
        catch (Exception failure)
        {
            // The failed sender stays the sender, so nothing is sent after a gap; the receiver learns of the end, too.
            sent.SetException(failure);
            _ = sent.Task.Exception; // Observed, even without a waiter.
            wire.Dispose();
        }
    }

    private byte[]? TakePending()
    {
        lock (Gate)
        {
            _isSending = reply.Length > 0;
            return _isSending ? reply.Take() : null;
        }
    }
}

/// <summary>The bytes of one client: its socket, or TLS over it. One reader and one writer at a time.</summary>
/// <param name="socket">Closed with this.</param>
/// <param name="tls">Null: plain text.</param>
internal sealed class FacadeWire(Socket socket, ServerTls? tls) : IDisposable
{
    private SslStream? _secured;

    /// <summary>The handshake, if there is one.</summary>
    /// <param name="time">Limits how long it may take.</param>
    /// <exception cref="AuthenticationException">The client does not speak TLS, or has no good certificate.</exception>
    /// <exception cref="TimeoutException">It takes too long.</exception>
    public async Task OpenAsync(TimeProvider time)
    {
        if (tls is not null)
        {
            _secured = new SslStream(new NetworkStream(socket, ownsSocket: false));
            await tls.AuthenticateAsync(_secured).WaitAsync(tls.Options.HandshakeTimeout, time);
        }
    }

    public ValueTask<int> ReceiveAsync(Memory<byte> room, CancellationToken stop) =>
        _secured?.ReadAsync(room, stop) ?? socket.ReceiveAsync(room, SocketFlags.None, stop);

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (_secured is not null)
        {
            await _secured.WriteAsync(bytes);
            return;
        }

        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None)..];
        }
    }

    /// <summary>The client reads an end; what it still sends can be received.</summary>
    public async Task EndSendingAsync()
    {
        if (_secured is not null)
        {
            await _secured.ShutdownAsync();
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>At once, with a reset if there was unread data.</summary>
    public void Dispose() => socket.Dispose();
}
