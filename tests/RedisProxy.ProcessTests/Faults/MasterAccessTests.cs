using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>The master refuses connections or users.</summary>
public sealed class MasterAccessTests(ITestOutputHelper output)
{
    private static readonly string[] AppUser = ["user app on >first ~* &* +@all"];

    [Fact]
    public async Task UserRotatedBeforeAFailover_ItsSessionIsClosedAndNeverServedAsSomebodyElse()
    {
        await using FaultLab lab = await StartWithUserAsync();
        using RawClient client = await LogInAsync(lab);
        using RawClient bystander = await lab.ConnectAsync();
        Assert.Equal("PONG", (await bystander.CallAsync("PING")).Text);
        foreach (RedisServer server in lab.Deployment.Servers)
        {
            Assert.Equal("OK", (await server.CallAsync("ACL", "SETUSER", "app", "resetpass", ">second")).Text);
        }

        // Redis leaves a session alone whose password has changed.
        Assert.Equal("app", (await client.CallAsync("ACL", "WHOAMI")).Text);
        await lab.Deployment.FailoverAsync();
        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        await ExpectToBeClosedAsync(lab, client);
        Assert.Equal("default", (await bystander.CallAsync("ACL", "WHOAMI")).Text);
        Assert.Equal(0, (await master.CallAsync("EXISTS", "as-somebody-else")).Number);
    }

    [Fact]
    public async Task UserDeleted_ItsSessionIsClosedAndNeverServedAsSomebodyElse()
    {
        await using FaultLab lab = await StartWithUserAsync();
        using RawClient client = await LogInAsync(lab);
        using RawClient bystander = await lab.ConnectAsync();
        Assert.Equal("PONG", (await bystander.CallAsync("PING")).Text);
        // Redis cuts the connections of a deleted user.
        Assert.Equal(1, (await lab.FirstMaster.CallAsync("ACL", "DELUSER", "app")).Number);
        await ExpectToBeClosedAsync(lab, client);
        Assert.Equal("default", (await bystander.CallAsync("ACL", "WHOAMI")).Text);
        Assert.Equal(0, (await lab.FirstMaster.CallAsync("EXISTS", "as-somebody-else")).Number);
        await lab.AssertSaneAsync();
    }

    [OwnLinkFact("new sessions need no further connection")]
    public async Task MaxclientsReached_OldSessionsAreServedAndNewOnesAreToldTheTruth()
    {
        // Without relays, which may throw away what redis says before it closes.
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment).With("hold.timeout", "700ms"));
        RedisServer master = deployment.Servers[0];
        using RawClient old = await proxy.ConnectAsync();
        Assert.Equal("OK", (await old.CallAsync("SET", "k", "before")).Text);
        using RawClient direct = await master.ConnectAsync();
        long connected = long.Parse((await master.InfoAsync("clients"))["connected_clients"], null);
        // Without the one that just asked.
        Assert.Equal("OK", (await direct.CallAsync("CONFIG", "SET", "maxclients", $"{connected - 1}")).Text);
        for (int i = 0; i < 10; i++)
        {
            using RawClient refused = await proxy.ConnectAsync();
            RawReply reply = await refused.CallAsync("APPEND", "late", "x");
            output.WriteLine(reply.ToString());
            Assert.True(reply.ErrorCode is "LOADING" or "ERR", $"surely not executed, but: {reply}");
        }

        using RawClient late = await proxy.ConnectAsync();
        await late.SendCommandAsync("SET", "k", "after");
        Assert.Equal("before", (await old.CallAsync("GET", "k")).Text);
        Assert.Equal("OK", (await direct.CallAsync("CONFIG", "SET", "maxclients", "1000")).Text);
        await late.ReadReplyAsync();
        await Eventually.Within(
            FaultLab.Patience, async () => (await late.CallAsync("SET", "k", "later")).Text == "OK", "the late one is served");
        Assert.Equal("later", (await old.CallAsync("GET", "k")).Text);
        Assert.Equal(0, (await old.CallAsync("EXISTS", "late")).Number);
        Assert.Equal(0, (await proxy.ScrapeAsync()).Sum("redisproxy_failovers_total"));
    }

    private static Task<FaultLab> StartWithUserAsync() =>
        FaultLab.StartAsync(new SentinelDeploymentOptions { Server = new RedisServerOptions { Lines = AppUser } });

    private static async Task<RawClient> LogInAsync(FaultLab lab)
    {
        RawClient client = await lab.ConnectAsync();
        Assert.Equal("OK", (await client.CallAsync("AUTH", "app", "first")).Text);
        Assert.Equal("app", (await client.CallAsync("ACL", "WHOAMI")).Text);
        return client;
    }

    /// <summary>Whatever it sends, it is never answered but by the end of the connection.</summary>
    private static async Task ExpectToBeClosedAsync(FaultLab lab, RawClient client)
    {
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (true)
            {
                RawReply reply = await client.CallAsync("SET", "as-somebody-else", "x");
                Assert.True(reply.IsError, $"{reply}");
            }
        });
        await lab.WaitForMetricAsync("redisproxy_sessions_ended_total", 1, ("reason", "replay_refused"));
    }
}
