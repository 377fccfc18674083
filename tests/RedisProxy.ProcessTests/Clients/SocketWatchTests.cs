using System.Net;
using System.Net.Sockets;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Clients;

public sealed class SocketWatchTests
{
    [Fact]
    public async Task ConnectionsOf_OwnProcess_AreThoseToThatPortWhileTheyAreOpen()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        Assert.Empty(SocketWatch.ConnectionsOf(Environment.ProcessId, port));
        using RawClient first = await RawClient.ConnectAsync(port);
        long id = Assert.Single(SocketWatch.ConnectionsOf(Environment.ProcessId, port));
        using (RawClient second = await RawClient.ConnectAsync(port))
        {
            IReadOnlySet<long> both = SocketWatch.ConnectionsOf(Environment.ProcessId, port);
            Assert.Equal(2, both.Count);
            Assert.Contains(id, both);
        }

        Assert.Equal([id], SocketWatch.ConnectionsOf(Environment.ProcessId, port));
    }
}
