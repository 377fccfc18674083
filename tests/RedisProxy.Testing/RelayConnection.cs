using System.Net;
using System.Net.Sockets;

namespace RedisProxy.Testing;

/// <summary>One connection of a <see cref="FaultRelay"/>: two sockets and a pump for each direction.</summary>
internal sealed class RelayConnection : IDisposable
{
    private readonly Socket _client;
    private readonly IPEndPoint _address;
    private readonly CancellationTokenSource _end = new();
    private readonly Socket _target = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly RelayPump _toTarget;
    private readonly RelayPump _toClient;
    private readonly Lock _gate = new();
    private bool _isClosed;

    public RelayConnection(Socket client, IPEndPoint target)
    {
        client.NoDelay = true;
        _client = client;
        _address = target;
        _toTarget = new RelayPump(client, _target, this, _end.Token);
        _toClient = new RelayPump(_target, client, this, _end.Token);
    }

    /// <summary>Completes when both sides are closed and nothing of it runs any more.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    public RelayPump Pump(RelayDirections direction) => direction == RelayDirections.ToTarget ? _toTarget : _toClient;

    public void Start(Action whenEnded) => Ended = RunAsync(whenEnded);

    public void Reset() => CloseSockets(isReset: true);

    public void Close() => CloseSockets(isReset: false);

    // The cancellation source has no timer and needs no disposal, and a pump may still use it.
    public void Dispose() => Reset();

    private async Task RunAsync(Action whenEnded)
    {
        // It must be in the list of connections before it can end.
        await Task.Yield();
        try
        {
            await _target.ConnectAsync(_address, _end.Token);
            await Task.WhenAll(_toTarget.RunAsync(), _toClient.RunAsync());
            Close();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Reset();
        }
        finally
        {
            whenEnded();
        }
    }

    private void CloseSockets(bool isReset)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
        }

        foreach (Socket socket in new[] { _client, _target })
        {
            Close(socket, isReset);
        }

        _end.Cancel();
    }

    private static void Close(Socket socket, bool isReset)
    {
        try
        {
            if (isReset)
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            else
            {
                // Closing with unread data would send a reset; FIN goes out before it.
                socket.Shutdown(SocketShutdown.Send);
            }
        }
        catch (SocketException)
        {
            // It is gone already, or was never connected.
        }

        socket.Dispose();
    }
}
