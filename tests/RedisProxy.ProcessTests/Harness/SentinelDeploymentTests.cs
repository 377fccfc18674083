using System.Diagnostics;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Harness;

public sealed class SentinelDeploymentTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Failover_ByCommand_IsSeenByEverySentinel()
    {
        long start = Stopwatch.GetTimestamp();
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        output.WriteLine($"ready after {Stopwatch.GetElapsedTime(start).TotalSeconds:0.00} s");
        RedisServer old = deployment.Servers[0];
        Assert.Same(old, await deployment.AgreedMasterAsync());

        TimeSpan since = await deployment.FailoverAsync(deployment.Sentinels[1]);
        RedisServer next = await deployment.WaitForMasterAsync(old, Soon);
        await Eventually.Within(Soon, () => deployment.Events.Switches(since).Count == 3, "all Sentinels have published the switch");
        await deployment.WaitUntilHealthyAsync(Soon);

        Assert.Same(deployment.Sentinels[1], deployment.Events.Leader(since));
        Assert.Equal("slave", await old.RoleAsync());
        foreach ((SentinelServer sentinel, TimeSpan at) in deployment.Events.Switches(since))
        {
            output.WriteLine($"{sentinel} +{(at - since).TotalSeconds:0.000} s");
        }

        SentinelEvent seen = deployment.Events.Since(since).First(e => e.Channel == "+switch-master");
        Assert.Equal($"{deployment.MasterName} 127.0.0.1 {old.Port} 127.0.0.1 {next.Port}", seen.Text);
    }

    [Fact]
    public async Task KilledMaster_IsReplaced_AndComesBackAsAReplica()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            Server = new RedisServerOptions { Password = "secret" },
            SentinelPassword = "another-secret",
        });
        RedisServer old = deployment.Servers[0];

        await old.KillAsync();
        RedisServer next = await deployment.WaitForMasterAsync(old, Soon);
        await old.RestartAsync(keepData: false);
        await deployment.WaitUntilHealthyAsync(Soon);

        Assert.Same(next, await deployment.AgreedMasterAsync());
        Assert.Equal("slave", await old.RoleAsync());
    }

    [Fact]
    public async Task RestartedSentinel_IsFollowedAgain()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(
            new SentinelDeploymentOptions { Replicas = 1, Sentinels = 2, Timings = SentinelTimings.Default });
        await deployment.Sentinels[1].KillAsync();

        TimeSpan restarted = deployment.Events.Now;
        await deployment.Sentinels[1].RestartAsync();
        await Eventually.Within(Soon, () => deployment.Events.Subscribed == 2, "both are followed");
        await deployment.WaitUntilHealthyAsync(Soon);
        RawReply timings = await deployment.Sentinels[1].CallAsync("SENTINEL", "DEBUG");

        Assert.Equal("10000", timings.Value("INFO-PERIOD"));
        Assert.True(deployment.Events.Now > restarted);
    }
}
