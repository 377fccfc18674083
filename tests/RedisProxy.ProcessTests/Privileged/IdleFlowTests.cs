using System.Net;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Privileged;

/// <summary>
/// Firewalls forget flows in which nothing is said, mostly after half an hour; this one after three seconds. The proxy's keepalive is
/// what keeps both sides of a quiet session known to them.
/// </summary>
[Trait("Tier", "Privileged")]
public sealed class IdleFlowTests : IAsyncLifetime
{
    private const string Often = "1s";
    private const string Hardly = "60s";
    private static readonly TimeSpan ForgottenAfter = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private NetworkLab _lab = null!;
    private RedisServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _lab = await NetworkLab.CreateAsync(hosts: 2);
        _server = await RedisServer.StartAsync(new RedisServerOptions { Host = _lab.Hosts[0] });
        await _lab.ForgetIdleFlowsAsync(ForgottenAfter);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await _lab.DisposeAsync();
    }

    [Fact]
    public async Task Privileged_IdleSessionWithKeepAlive_LivesBehindAFirewallThatForgets()
    {
        await using ProxyProcess proxy = await StartProxyAsync(client: Often, backend: Often);
        using RawClient client = await proxy.ConnectAsync();
        long backend = (await client.CallAsync("CLIENT", "ID")).Number;
        await AnotherFlowIsForgottenTwiceAsync();
        Assert.True(await _lab.KnowsFlowAsync(PortOf(client)), "the firewall has forgotten the session of the client");
        Assert.Equal(backend, (await client.CallAsync("CLIENT", "ID")).Number);
    }

    [Fact]
    public async Task Privileged_IdleSessionWithoutKeepAliveTowardsTheClient_IsDeadAfterwards()
    {
        await using ProxyProcess proxy = await StartProxyAsync(client: Hardly, backend: Often);
        using RawClient client = await proxy.ConnectAsync();
        await client.CallAsync("CLIENT", "ID");
        await AnotherFlowIsForgottenTwiceAsync();
        Assert.False(await _lab.KnowsFlowAsync(PortOf(client)), "the firewall still knows the session of the client");
        client.Timeout = TimeSpan.FromSeconds(3);
        await client.SendCommandAsync("PING");
        await Assert.ThrowsAnyAsync<Exception>(async () => await client.ReadReplyAsync());
        using RawClient other = await proxy.ConnectAsync();
        Assert.Equal("PONG", (await other.CallAsync("PING")).Text);
    }

    [Fact]
    public async Task Privileged_IdleSessionWithoutKeepAliveTowardsTheBackend_GetsANewBackend()
    {
        await using ProxyProcess proxy = await StartProxyAsync(client: Often, backend: Hardly);
        using RawClient client = await proxy.ConnectAsync();
        client.Timeout = Patience;
        long backend = (await client.CallAsync("CLIENT", "ID")).Number;
        await AnotherFlowIsForgottenTwiceAsync();
        // GET only reads, so it is sent again once the dead backend was noticed.
        Assert.True((await client.CallAsync("GET", "nothing")).IsNull);
        Assert.NotEqual(backend, (await client.CallAsync("CLIENT", "ID")).Number);
    }

    private static int PortOf(RawClient client) => ((IPEndPoint)client.Socket.LocalEndPoint!).Port;

    // A dead backend is given up after two seconds, so that a test need not wait for the usual 30.
    private Task<ProxyProcess> StartProxyAsync(string client, string backend) => ProxyProcess.StartAsync(
        (ProxyProcessOptions.For(_server) with { Host = _lab.Hosts[1] })
            .With("client.keepAlive.time", client)
            .With("client.keepAlive.interval", Often)
            .With("backend.keepAlive.time", backend)
            .With("backend.keepAlive.interval", Often)
            .With("backend.userTimeout", "2s"));

    /// <summary>Nobody keeps these ones alive. Once they are forgotten, whatever else was as quiet is as well.</summary>
    private async Task AnotherFlowIsForgottenTwiceAsync()
    {
        for (int i = 0; i < 2; i++)
        {
            using RawClient direct = await _server.ConnectAsync();
            Assert.Equal("PONG", (await direct.CallAsync("PING")).Text);
            Assert.True(await _lab.KnowsFlowAsync(PortOf(direct)), "the firewall does not know a new flow");
            await Eventually.Within(
                Patience, async () => !await _lab.KnowsFlowAsync(PortOf(direct)), "the firewall forgets a flow in which nothing is said");
        }
    }
}
