using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

public sealed class SentinelLossTests
{
    [Fact]
    public async Task SentinelsLostOneByOne_TheLastKnownMasterStaysAndIsFollowedAgainLater()
    {
        await using FailoverFixture fixture = await FailoverFixture.StartAsync(configure: options => options.With("hold.timeout", "500ms"));
        using RawClient client = await fixture.Proxy.ConnectAsync();
        int connected = 3;
        foreach (SentinelServer sentinel in fixture.Deployment.Sentinels)
        {
            await sentinel.KillAsync();
            connected--;
            await ExpectConnectedAsync(fixture.Proxy, connected);
            Assert.Equal("OK", (await client.CallAsync("SET", "k", $"{connected}")).Text);
        }

        Assert.Equal("ready", (await fixture.Proxy.Http.GetStringAsync("/healthz/ready")).Split('\n')[0]);
        await fixture.FirstMaster.KillAsync();
        await Eventually.Within(
            FailoverFixture.Patience,
            async () => (await client.CallAsync("SET", "k", "x")).ErrorCode == "LOADING",
            "requests are refused honestly");

        foreach (SentinelServer sentinel in fixture.Deployment.Sentinels)
        {
            await sentinel.RestartAsync();
        }

        await ExpectConnectedAsync(fixture.Proxy, 3);
        await fixture.Deployment.WaitForMasterAsync(fixture.FirstMaster, FailoverFixture.Patience);
        await Eventually.Within(
            FailoverFixture.Patience, async () => (await client.CallAsync("SET", "k", "y")).Text == "OK", "the new master is served");
        await fixture.AssertIdleSessionsAreAsTheyWereAsync();
    }

    [Fact]
    public async Task RequireMajority_WithoutOne_LetsReadsThroughAndHoldsWrites()
    {
        await using FailoverFixture fixture = await FailoverFixture.StartAsync(
            configure: options => options.With("sentinel.requireMajority", true).With("hold.timeout", "300ms"));
        using RawClient client = await fixture.Proxy.ConnectAsync();
        await Eventually.Within(
            FailoverFixture.Patience, async () => (await client.CallAsync("SET", "k", "v")).Text == "OK", "a majority has been heard");
        await fixture.Deployment.Sentinels[0].KillAsync();
        await fixture.Deployment.Sentinels[1].KillAsync();
        await Eventually.Within(
            FailoverFixture.Patience,
            async () => (await client.CallAsync("SET", "other", "w")).ErrorCode == "LOADING",
            "writes are stopped");
        Assert.Equal("v", (await client.CallAsync("GET", "k")).Text);
        await fixture.Deployment.Sentinels[0].RestartAsync();
        await Eventually.Within(
            FailoverFixture.Patience, async () => (await client.CallAsync("SET", "k", "w")).Text == "OK", "writes go on");
    }

    private static async Task ExpectConnectedAsync(ProxyProcess proxy, int count) => await Eventually.Within(
        FailoverFixture.Patience,
        async () => (await proxy.ScrapeAsync()).Sum("redisproxy_sentinels", ("state", "connected")),
        connected => connected == count,
        $"{count} Sentinels are connected");
}
