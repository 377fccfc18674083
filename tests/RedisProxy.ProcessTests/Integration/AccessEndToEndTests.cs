using System.Text.Json.Nodes;

using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>Users of the proxy and users of redis, with a real deployment that asks for passwords, through a failover.</summary>
public sealed class AccessEndToEndTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private static readonly RedisServerOptions Server = new()
    {
        Password = "redis-canary",
        Lines = ["user backend on >backend-canary ~* &* +@all"],
    };

    [Fact]
    public async Task Clients_KnowTheProxysPasswordOnly_AndKeepTheirConnectionThroughAFailover()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions { Server = Server });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Options(deployment, "backend-canary"));
        using RawClient client = await proxy.ConnectAsync();
        Assert.Equal("NOAUTH Authentication required.", (await client.CallAsync("GET", "k")).Text);
        Assert.Equal("OK", (await client.CallAsync("AUTH", "app", "app-canary")).Text);
        Assert.Equal("OK", (await client.CallAsync("SET", "k", "v")).Text);
        Assert.Equal("backend", (await client.CallAsync("ACL", "WHOAMI")).Text);

        // A client that greets in RESP3, as go-redis and others do, in one message.
        using RawClient modern = await proxy.ConnectAsync();
        await modern.SendCommandAsync("HELLO", "3", "AUTH", "app", "app-canary", "SETNAME", "orders");
        Assert.StartsWith("%", await modern.ReadExactlyAsync(1), StringComparison.Ordinal);
        await modern.SendCommandAsync("CLIENT", "GETNAME");
        await modern.ReadUntilAsync("orders\r\n");
        RedisServer first = await deployment.WaitForMasterAsync(null, Patience);
        await deployment.FailoverAsync();
        await deployment.WaitForMasterAsync(first, Patience);
        Assert.Equal("v", (await client.CallAsync("GET", "k")).Text);
        Assert.Equal("backend", (await client.CallAsync("ACL", "WHOAMI")).Text);
        await modern.SendCommandAsync("CLIENT", "GETNAME");
        await modern.ReadUntilAsync("orders\r\n");

        // Nothing of the secrets is anywhere where people look.
        string seen = proxy.Process.LogTail;
        foreach (string path in new[] { "metrics", "status", "sessions", "" })
        {
            seen += await proxy.Http.GetStringAsync(new Uri(path, UriKind.Relative));
        }

        Assert.DoesNotContain("canary", seen, StringComparison.Ordinal);
        Assert.Contains("orders", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BackendUser_ThatRedisDoesNotKnow_IsNamedInTheLog()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions { Server = Server });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(Options(deployment, "wrong-canary"));
        using RawClient client = await proxy.ConnectAsync();
        await client.SendCommandAsync("AUTH", "app", "app-canary");
        Assert.Equal("OK", (await client.ReadReplyAsync()).Text);
        if (ProxyLinks.AreShared)
        {
            // Until then it needs no link.
            await client.SendCommandAsync("PING");
        }

        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        await Eventually.Within(
            Patience,
            () => proxy.Process.LogTail.Contains("refuses backendUser of listener 'mymaster'", StringComparison.Ordinal),
            "the log names the listener");
        Assert.DoesNotContain("canary", proxy.Process.LogTail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Strangers_OfARedisThatAsksForAPassword_AreClosedAndOthersStay()
    {
        await using RedisServer redis = await RedisServer.StartAsync(Server);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(redis)
            .With("backend.password", "redis-canary").With("client.authenticationTimeout", "1s"));
        using RawClient known = await proxy.ConnectAsync();
        using RawClient stranger = await proxy.ConnectAsync();
        Assert.Equal("OK", (await known.CallAsync("AUTH", "redis-canary")).Text);
        Assert.Equal(new ConnectionEnd("", WasReset: false), await stranger.ReadToEndAsync());
        Assert.Equal("PONG", (await known.CallAsync("PING")).Text);
        stranger.Dispose();
        await Eventually.Within(
            Patience,
            async () => (await proxy.ScrapeAsync()).Sum("redisproxy_sessions_ended_total", ("reason", "not_authenticated")) == 1,
            "it is counted");
    }

    private static ProxyProcessOptions Options(SentinelDeployment deployment, string backendPassword) =>
        (ProxyProcessOptions.For(deployment) with
        {
            Listeners =
            [
                new ProxyListener
                {
                    Master = deployment.MasterName,
                    Settings = new Dictionary<string, JsonNode?>
                    {
                        ["users"] = new JsonArray(new JsonObject { ["username"] = "app", ["password"] = "app-canary" }),
                        ["backendUser"] = new JsonObject { ["username"] = "backend", ["password"] = backendPassword },
                    },
                },
            ],
        }).With("backend.password", "redis-canary");
}
