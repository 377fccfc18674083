using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>What operators and bad luck do to Sentinels: aborted failovers, leaders that crash in the middle, RESET, REMOVE.</summary>
public sealed class SentinelCommandTests(ITestOutputHelper output)
{
    [Fact]
    public async Task FailoverWithoutAGoodReplica_IsRefusedAndNobodyNotices()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        await ForbidPromotionAsync(lab);
        RawReply refused = await lab.Deployment.Sentinels[0].CallAsync("SENTINEL", "FAILOVER", "mymaster");
        Assert.Equal("NOGOODSLAVE", refused.ErrorCode);
        LossReport report = await lab.FinishAsync(writers, lab.FirstMaster);
        Assert.Equal(0, report.Unknown + report.NotExecuted);
        Assert.Equal("", await lab.FailoversAsync());
    }

    [Fact]
    public async Task AbortedForWantOfAGoodReplica_RequestsAreRefusedHonestlyUntilTheMasterIsBack()
    {
        await using FaultLab lab = await FaultLab.StartAsync(
            new SentinelDeploymentOptions { Server = new RedisServerOptions { AppendOnly = true } },
            options => options.With("hold.timeout", "500ms"));
        await using CountingWriter writers = await lab.StartWritersAsync();
        await ForbidPromotionAsync(lab);
        TimeSpan since = lab.Deployment.Events.Now;
        TimeSpan stoppedAt = writers.Now;
        await lab.FirstMaster.KillAsync();
        await lab.Deployment.Events.WaitAsync("-failover-abort-no-good-slave", since, FaultLab.Patience);
        await lab.FirstMaster.RestartAsync(keepData: true);
        LossReport report = await lab.FinishAsync(writers, lab.FirstMaster, stoppedAt);
        output.WriteLine(report.ToString());
        Assert.InRange(report.Unknown, 0, FaultLab.Writers);
        Assert.True(report.NotExecuted > 0);
        Assert.Equal("restart 1", await lab.FailoversAsync());
    }

    [Fact]
    public async Task AbortedBecauseThePromotedReplicaIsSilent_TheOldMasterIsServedOn()
    {
        await using FaultLab lab = await FaultLab.StartAsync(
            new SentinelDeploymentOptions { Replicas = 1, DownAfter = TimeSpan.FromSeconds(5) });
        await using CountingWriter writers = await lab.StartWritersAsync();
        TimeSpan since = lab.Deployment.Events.Now;
        lab.Deployment.Servers[1].Freeze();
        await lab.Deployment.FailoverAsync();
        await lab.Deployment.Events.WaitAsync("-failover-abort-slave-timeout", since, FaultLab.Patience);
        await writers.WaitForAcknowledgedAsync(100, FaultLab.Patience);
        // Now it reads that it should be a master, and says so, until a Sentinel puts it right.
        lab.Deployment.Servers[1].Thaw();
        await lab.Deployment.WaitUntilHealthyAsync(FaultLab.Patience);
        LossReport report = await lab.FinishAsync(writers, lab.FirstMaster);
        output.WriteLine(report.ToString());
        Assert.Equal(0, report.Unknown + report.NotExecuted);
        Assert.Equal("", await lab.FailoversAsync());
        Assert.True(report.LongestPause.Length < TimeSpan.FromSeconds(4), $"{report}");
    }

    [Fact]
    public async Task LeaderCrashesAfterItsElection_TheMasterIsServedOn()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        await CrashLeaderAsync(lab, "crash-after-election");
        await writers.WaitForAcknowledgedAsync(100, FaultLab.Patience);
        LossReport report = await lab.FinishAsync(writers, lab.FirstMaster);
        output.WriteLine(report.ToString());
        Assert.Equal(0, report.Unknown + report.NotExecuted);
        Assert.Equal("", await lab.FailoversAsync());
    }

    [Fact]
    public async Task LeaderCrashesAfterThePromotion_NothingIsLostWhicheverMasterRemains()
    {
        // A replica is a master now and only the dead leader knew. The others make it a replica again.
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        await CrashLeaderAsync(lab, "crash-after-promotion");
        await lab.Deployment.Sentinels[0].RestartAsync();
        await lab.Deployment.WaitUntilHealthyAsync(FaultLab.Patience);
        RedisServer master = (await lab.Deployment.AgreedMasterAsync())!;
        LossReport report = await lab.FinishAsync(writers, master);
        output.WriteLine($"{report}; {await lab.FailoversAsync()}; the master is {master}, it was {lab.FirstMaster}");
    }

    [Fact]
    public async Task LeaderOfAnUnplannedFailoverCrashes_TheNextOneIsFollowed()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        foreach (SentinelServer sentinel in lab.Deployment.Sentinels)
        {
            Assert.Equal("OK", (await sentinel.CallAsync("SENTINEL", "SIMULATE-FAILURE", "crash-after-election")).Text);
        }

        TimeSpan stoppedAt = writers.Now;
        await lab.FirstMaster.KillAsync();
        await Eventually.Within(FaultLab.Patience, () => lab.Deployment.Sentinels.Any(s => !s.IsRunning), "the leader has crashed");
        foreach (SentinelServer sentinel in lab.Deployment.Sentinels.Where(s => s.IsRunning))
        {
            // Clears what is set, and says what there is.
            Assert.False((await sentinel.CallAsync("SENTINEL", "SIMULATE-FAILURE", "help")).IsError);
        }

        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        LossReport report = await lab.FinishAsync(writers, master, stoppedAt);
        output.WriteLine(report.ToString());
        Assert.InRange(report.Unknown, 0, FaultLab.Writers);
        Assert.Equal("unplanned 1", await lab.FailoversAsync());
    }

    [Fact]
    public async Task AllRestarted_NobodyNoticesAndTheNextFailoverIsFollowed()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        foreach (SentinelServer sentinel in lab.Deployment.Sentinels)
        {
            await sentinel.RestartAsync();
        }

        await ExpectNextFailoverToBeFollowedAsync(lab, writers, earlier: 0);
    }

    [Fact]
    public async Task Reset_NobodyNoticesAndTheNextFailoverIsFollowed()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        await FailOverAsync(lab, lab.FirstMaster);
        await lab.Deployment.WaitUntilHealthyAsync(FaultLab.Patience);
        foreach (SentinelServer sentinel in lab.Deployment.Sentinels)
        {
            Assert.Equal(1, (await sentinel.CallAsync("SENTINEL", "RESET", "mymaster")).Number);
        }

        await ExpectNextFailoverToBeFollowedAsync(lab, writers, earlier: 1);
    }

    [Fact]
    public async Task RemovedAndMonitoredAgain_NobodyNoticesAndTheNextFailoverIsFollowed()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        RedisServer master = await FailOverAsync(lab, lab.FirstMaster);
        await lab.Deployment.WaitUntilHealthyAsync(FaultLab.Patience);
        foreach (SentinelServer sentinel in lab.Deployment.Sentinels)
        {
            Assert.Equal("OK", (await sentinel.CallAsync("SENTINEL", "REMOVE", "mymaster")).Text);
        }

        await Eventually.Within(
            FaultLab.Patience, () => lab.Proxy.Process.LogTail.Contains("knows a master of this name any more", StringComparison.Ordinal),
            "the proxy says that nobody knows its master");
        await writers.WaitForAcknowledgedAsync(100, FaultLab.Patience);
        foreach (SentinelServer sentinel in lab.Deployment.Sentinels)
        {
            await sentinel.CallAsync("SENTINEL", "MONITOR", "mymaster", RedisServer.Host, $"{master.Port}", "2");
            await sentinel.CallAsync("SENTINEL", "SET", "mymaster", "down-after-milliseconds", "1000", "failover-timeout", "3000");
        }

        await ExpectNextFailoverToBeFollowedAsync(lab, writers, earlier: 1);
    }

    private static async Task ForbidPromotionAsync(FaultLab lab)
    {
        foreach (RedisServer replica in lab.Deployment.Servers.Skip(1))
        {
            Assert.Equal("OK", (await replica.CallAsync("CONFIG", "SET", "replica-priority", "0")).Text);
        }

        foreach (SentinelServer sentinel in lab.Deployment.Sentinels)
        {
            await Eventually.Within(
                FaultLab.Patience,
                async () => (await sentinel.CallAsync("SENTINEL", "REPLICAS", "mymaster")).Items.All(r => r.Value("slave-priority") == "0"),
                "all Sentinels know");
        }
    }

    private static async Task CrashLeaderAsync(FaultLab lab, string when)
    {
        SentinelServer leader = lab.Deployment.Sentinels[0];
        Assert.Equal("OK", (await leader.CallAsync("SENTINEL", "SIMULATE-FAILURE", when)).Text);
        using RawClient operating = await leader.ConnectAsync();
        // It may crash before it has replied.
        await operating.SendCommandAsync("SENTINEL", "FAILOVER", "mymaster");
        await Eventually.Within(FaultLab.Patience, () => !leader.IsRunning, "the leader has crashed");
    }

    private static async Task<RedisServer> FailOverAsync(FaultLab lab, RedisServer from)
    {
        await lab.Deployment.FailoverAsync();
        RedisServer master = await lab.Deployment.WaitForMasterAsync(from, FaultLab.Patience);
        await lab.WaitForAddressAsync(master);
        return master;
    }

    private async Task ExpectNextFailoverToBeFollowedAsync(FaultLab lab, CountingWriter writers, int earlier)
    {
        await lab.Deployment.WaitUntilHealthyAsync(FaultLab.Patience);
        await lab.WaitForMetricAsync("redisproxy_sentinels", 3, ("state", "connected"));
        RedisServer before = (await lab.Deployment.AgreedMasterAsync())!;
        RedisServer master = await FailOverAsync(lab, before);
        LossReport report = await lab.FinishAsync(writers, master);
        output.WriteLine(report.ToString());
        Assert.Equal(0, report.NotExecuted);

        // On a busy machine the news of the promotion may be there before replies were read; then those are not believed, which is said.
        Assert.InRange(report.Unknown, 0, FaultLab.Writers);
        Assert.Equal($"planned {earlier + 1}", await lab.FailoversAsync());
    }
}
