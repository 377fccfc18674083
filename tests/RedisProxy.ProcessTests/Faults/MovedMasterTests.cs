using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>Somebody moves the master on purpose, by Sentinel or behind its back.</summary>
public sealed class MovedMasterTests(ITestOutputHelper output)
{
    [Fact]
    public async Task SentinelFailover_LosesNothingAndShowsNoError()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        await lab.Deployment.FailoverAsync();
        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        LossReport report = await lab.FinishAsync(writers, master);
        output.WriteLine(report.ToString());
        Assert.Equal(0, report.NotExecuted + report.Unknown);
        Assert.Equal("planned 1", await lab.FailoversAsync());
    }

    [Fact]
    public async Task TwoSentinelFailoversBackToBack_LoseNothingAndShowNoError()
    {
        // With one replica, the second one leads back to the first master.
        await using FaultLab lab = await FaultLab.StartAsync(new SentinelDeploymentOptions { Replicas = 1 });
        await using CountingWriter writers = await lab.StartWritersAsync();
        await lab.Deployment.FailoverAsync();
        RedisServer second = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        // As soon as it is possible at all: the old master must be a replica.
        await lab.Deployment.WaitUntilHealthyAsync(FaultLab.Patience);
        await lab.Deployment.FailoverAsync();
        RedisServer third = await lab.Deployment.WaitForMasterAsync(second, FaultLab.Patience);
        Assert.Equal(lab.FirstMaster, third);
        LossReport report = await lab.FinishAsync(writers, third);
        output.WriteLine(report.ToString());
        Assert.Equal(0, report.NotExecuted + report.Unknown);
        Assert.Equal("planned 2", await lab.FailoversAsync());
        Assert.Equal(1, await lab.MetricAsync("redisproxy_master_info", ("generation", "3")));
    }

    [Fact]
    public async Task FailoverCommandOnTheMaster_NothingIsLostWhateverSentinelMakesOfIt()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        Assert.Equal("OK", (await lab.FirstMaster.CallAsync("FAILOVER")).Text);
        await ExpectSentinelsToSettleAsync(lab, writers, stoppedAt: null);
    }

    [Fact]
    public async Task ReplicaofOnTheMaster_NothingIsLostWhateverSentinelMakesOfIt()
    {
        // The server that it is told to follow is its own replica, so that for a while there is no master at all.
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        string port = $"{lab.Deployment.Servers[1].Port}";
        TimeSpan stoppedAt = writers.Now;
        Assert.Equal("OK", (await lab.FirstMaster.CallAsync("REPLICAOF", RedisServer.Host, port)).Text);
        await ExpectSentinelsToSettleAsync(lab, writers, stoppedAt);
    }

    [Fact]
    public async Task ReplicaofThenReplicaofNoOne_TheMasterIsServedAgain()
    {
        await using FaultLab lab = await FaultLab.StartAsync(new SentinelDeploymentOptions { DownAfter = TimeSpan.FromSeconds(20) });
        await using CountingWriter writers = await lab.StartWritersAsync();
        using RawClient direct = await lab.FirstMaster.ConnectAsync();
        // Nobody is there, so nothing is copied.
        await direct.CallAsync("REPLICAOF", RedisServer.Host, $"{FreePorts.Take()}");
        await lab.WaitForMetricAsync("redisproxy_master_up", 0);
        await direct.CallAsync("REPLICAOF", "NO", "ONE");
        LossReport report = await lab.FinishAsync(writers, lab.FirstMaster);
        output.WriteLine(report.ToString());
        Assert.Equal(0, report.Unknown);
    }

    private async Task ExpectSentinelsToSettleAsync(FaultLab lab, CountingWriter writers, TimeSpan? stoppedAt)
    {
        await lab.WaitForMetricAsync("redisproxy_master_up", 0);
        await writers.WaitForAcknowledgedAsync(100, FaultLab.Patience);
        await lab.Deployment.WaitUntilHealthyAsync(FaultLab.Patience);
        RedisServer master = (await lab.Deployment.AgreedMasterAsync())!;
        LossReport report = await lab.FinishAsync(writers, master, stoppedAt);
        output.WriteLine($"{report}; {await lab.FailoversAsync()}; the master is {master}, it was {lab.FirstMaster}");
        // What a server answers while it is already doubted, nobody reads.
        Assert.InRange(report.Unknown, 0, FaultLab.Writers);
    }
}
