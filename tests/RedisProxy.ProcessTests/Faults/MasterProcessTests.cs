using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>What happens to the master's process, with Sentinels that replace it within seconds.</summary>
public sealed class MasterProcessTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Killed_WritersKeepTheirConnectionsAndOnlyWhatWasInFlightIsUnknown()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        TimeSpan stoppedAt = writers.Now;
        await lab.FirstMaster.KillAsync();
        await ExpectOneUnplannedFailoverAsync(lab, writers, stoppedAt);
    }

    [Fact]
    public async Task Frozen_WritersKeepTheirConnectionsAndOnlyWhatWasInFlightIsUnknown()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        TimeSpan stoppedAt = writers.Now;
        lab.FirstMaster.Freeze();
        await ExpectOneUnplannedFailoverAsync(lab, writers, stoppedAt);
    }

    [Fact]
    public async Task FrozenAndThawedAfterTheFailover_TheZombieGetsNothing()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        TimeSpan stoppedAt = writers.Now;
        lab.FirstMaster.Freeze();
        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        await writers.WaitForAcknowledgedAsync(100, FaultLab.Patience);
        lab.FirstMaster.Thaw();
        await writers.WaitForAcknowledgedAsync(200, FaultLab.Patience);
        await lab.Deployment.WaitUntilHealthyAsync(FaultLab.Patience);
        LossReport report = await lab.FinishAsync(writers, master, stoppedAt);
        output.WriteLine(report.ToString());
        Assert.InRange(report.Unknown, 0, FaultLab.Writers);
        Assert.Equal(1, await lab.MetricAsync("redisproxy_master_info", ("generation", "2")));
    }

    [Fact]
    public async Task Terminated_NothingIsLost()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        await lab.FirstMaster.TerminateAsync();
        await ExpectOneUnplannedFailoverAsync(lab, writers, stoppedAt: null);
    }

    [Fact]
    public async Task RestartedEmpty_SessionsStayAndNothingIsExecutedTwice()
    {
        // The Sentinels do not notice, and the replicas copy the emptiness. That is redis's doing, and no proxy can undo it.
        await using FaultLab lab = await FaultLab.StartAsync(new SentinelDeploymentOptions { DownAfter = TimeSpan.FromMinutes(1) });
        await using CountingWriter writers = await lab.StartWritersAsync();
        await lab.FirstMaster.KillAsync();
        await lab.WaitForMetricAsync("redisproxy_master_up", 0);
        await lab.FirstMaster.RestartAsync(keepData: false);
        LossReport report = await lab.FinishUncheckedAsync(writers, lab.FirstMaster);
        output.WriteLine(report.ToString());
        Assert.InRange(report.Unknown, 0, FaultLab.Writers);
        Assert.Equal(0, report.NotExecuted);
        Assert.Equal("restart 1", await lab.FailoversAsync());
    }

    [Fact]
    public async Task LoadingItsData_RequestsAreHeldUntilItIsLoaded()
    {
        await using FaultLab lab = await FaultLab.StartAsync(new SentinelDeploymentOptions
        {
            DownAfter = TimeSpan.FromMinutes(1),
            // It saves when it is told to end.
            Server = new RedisServerOptions { Lines = ["save 3600 1", "loading-process-events-interval-bytes 1024"] },
        });
        using (RawClient direct = await lab.FirstMaster.ConnectAsync())
        {
            await direct.CallAsync("DEBUG", "POPULATE", "1000", "filling", "100");
            // Microseconds for each key.
            Assert.Equal("OK", (await direct.CallAsync("CONFIG", "SET", "key-load-delay", "1000")).Text);
            Assert.Equal("OK", (await direct.CallAsync("CONFIG", "REWRITE")).Text);
        }

        await using CountingWriter writers = await lab.StartWritersAsync();
        await lab.FirstMaster.TerminateAsync();
        Task restarting = lab.FirstMaster.RestartAsync(keepData: true);
        await Eventually.Within(
            FaultLab.Patience,
            async () => (await lab.Proxy.Http.GetStringAsync("/healthz/ready")).Contains("LOADING", StringComparison.Ordinal),
            "the proxy knows that its master is loading");
        await restarting;
        LossReport report = await lab.FinishAsync(writers, lab.FirstMaster);
        output.WriteLine(report.ToString());
        Assert.InRange(report.Unknown, 0, FaultLab.Writers);
        Assert.Equal(0, report.NotExecuted);
        Assert.Equal("restart 1", await lab.FailoversAsync());
    }

    private async Task ExpectOneUnplannedFailoverAsync(FaultLab lab, CountingWriter writers, TimeSpan? stoppedAt)
    {
        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        LossReport report = await lab.FinishAsync(writers, master, stoppedAt);
        output.WriteLine(report.ToString());
        output.WriteLine(lab.Proxy.Process.LogTail);
        Assert.InRange(report.Unknown, 0, FaultLab.Writers);
        MetricsSnapshot metrics = await lab.Proxy.ScrapeAsync();
        Assert.Equal("unplanned 1", await lab.FailoversAsync());
        Assert.Equal(report.Unknown, metrics.Sum("redisproxy_replies_synthesised_total", ("code", "unknown")));
        Assert.Equal(report.NotExecuted, metrics.Sum("redisproxy_replies_synthesised_total", ("code", "not_executed")));
    }
}
