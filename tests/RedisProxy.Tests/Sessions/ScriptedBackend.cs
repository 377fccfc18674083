using System.Net;
using System.Net.Sockets;

using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>A server that says only what the test tells it to. Connections are taken one by one, in the order they came.</summary>
internal sealed class ScriptedBackend : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public ScriptedBackend() => _listener.Start();

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

    public bool HasPendingConnection => _listener.Pending();

    public async Task<RawClient> AcceptAsync()
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10), TimeProvider.System);
        Socket socket = await _listener.AcceptSocketAsync(timeout.Token);
        socket.NoDelay = true;
        return RawClient.OfAccepted(socket);
    }

    public void Dispose() => _listener.Dispose();
}
