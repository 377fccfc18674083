using System.Net;

using Microsoft.Extensions.Logging.Abstractions;

using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Servers;

/// <summary>Waits are ended at a real server, and nothing else is.</summary>
public sealed class WaitingClientsTests : IAsyncLifetime
{
    private RedisServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task EndWaits_OfABlockedClientAndAnother_EndsTheOne()
    {
        using RawClient blocked = await BlockAsync();
        using RawClient idle = await _server.ConnectAsync();
        await idle.CallAsync("PING");
        await using ServerConnection server = Connect();
        var ended = new HashSet<IPEndPoint>();
        Assert.True(await new WaitingClients(server).EndWaitsAsync([AddressOf(blocked), AddressOf(idle)], ended));
        Assert.Equal([AddressOf(blocked)], ended);
        Assert.Equal("UNBLOCKED", (await blocked.ReadReplyAsync()).ErrorCode);
        Assert.Equal("PONG", (await idle.CallAsync("PING")).Text);
    }

    // Many versions answer a client that a pause holds back, and execute what it had sent all the same.
    [Fact]
    public async Task EndWaits_WhileTheServerHoldsItsClientsBack_TouchesNobody()
    {
        await using ServerConnection server = Connect();
        using RawClient blocked = await BlockAsync();
        using RawClient held = await _server.ConnectAsync();
        await held.CallAsync("PING");
        await _server.CallAsync("CLIENT", "PAUSE", "2000", "WRITE");
        await held.SendCommandAsync("BLPOP", "q", "0");
        var ended = new HashSet<IPEndPoint>();
        await Assert.ThrowsAsync<ServerException>(
            () => new WaitingClients(server).EndWaitsAsync([AddressOf(blocked), AddressOf(held)], ended));
        await _server.CallAsync("CLIENT", "UNPAUSE");
        await _server.CallAsync("RPUSH", "q", "a", "b");
        Assert.Equal("a", (await blocked.ReadReplyAsync()).Items[1].Text);
        Assert.Equal("b", (await held.ReadReplyAsync()).Items[1].Text);
        Assert.Equal(("", ""), (blocked.Pending, held.Pending));
    }

    [Theory]
    [InlineData("+ping +client|setname", false)]
    [InlineData("+ping +client|setname +client|list", false)]
    [InlineData("+ping +client|setname +client|list +client|unblock +multi +exec +pfcount", false)]
    [InlineData("+ping +client|setname +client|list +client|unblock +multi +exec +pfcount ~redisproxy:no-such-key", true)]
    public async Task EndWaits_OfAUser_NeedsTheRightsThatAreDocumented(string rights, bool isEnough)
    {
        await _server.CallAsync(["ACL", "SETUSER", "proxy", "on", ">secret", .. rights.Split(' ')]);
        using RawClient blocked = await BlockAsync();
        await using ServerConnection server = Connect(new BackendOptions { Username = "proxy", Password = "secret" });
        var ended = new HashSet<IPEndPoint>();
        if (isEnough)
        {
            Assert.False(await new WaitingClients(server).EndWaitsAsync([AddressOf(blocked)], ended));
            Assert.Single(ended);
            return;
        }

        ServerException refusal = await Assert.ThrowsAsync<ServerException>(
            () => new WaitingClients(server).EndWaitsAsync([AddressOf(blocked)], ended));
        Assert.Contains("NOPERM", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(ended);
    }

    private static IPEndPoint AddressOf(RawClient client)
    {
        var local = (IPEndPoint)client.Socket.LocalEndPoint!;
        return new IPEndPoint(local.Address.MapToIPv4(), local.Port);
    }

    private async Task<RawClient> BlockAsync()
    {
        RawClient client = await _server.ConnectAsync();
        await client.SendCommandAsync("BLPOP", "q", "0");
        await RedisProxy.Testing.Eventually.Within(
            TimeSpan.FromSeconds(20), async () => (await _server.InfoAsync("clients"))["blocked_clients"] == "1", "it waits");
        return client;
    }

    private ServerConnection Connect(BackendOptions? options = null) => new(
        new HostEndpoint("127.0.0.1", _server.Port),
        new IPEndPoint(IPAddress.Loopback, _server.Port),
        options ?? new BackendOptions(),
        new TopologyContext(TimeProvider.System, NullLoggerFactory.Instance));
}
