using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>The Sentinels have moved the master, and the network between the proxy and the servers does not agree.</summary>
public sealed class NewMasterTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task NewMasterUnreachable_RequestsAreHeldThenRefusedThenServed(bool isRefusing)
    {
        await using FaultLab lab = await FaultLab.StartAsync(configure: options => options.With("hold.timeout", "1s"));
        await using CountingWriter writers = await lab.StartWritersAsync();
        foreach (RedisServer replica in lab.Deployment.Servers.Skip(1))
        {
            if (isRefusing)
            {
                lab.Relayed.Of(replica).Refuse();
            }
            else
            {
                lab.Relayed.Of(replica).Apply(RelayConditions.Dead);
            }
        }

        await lab.Deployment.FailoverAsync();
        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        await Eventually.Within(
            FaultLab.Patience, () => writers.Count(WriteOutcome.NotExecuted) >= 2 * FaultLab.Writers, "requests are refused");
        using RawClient client = await lab.ConnectAsync();
        await client.SendCommandAsync("SET", "held", "yes");
        lab.Relayed.Heal();
        Assert.Contains((await client.ReadReplyAsync()).ToString()[..3], new[] { "+OK", "-LO" });
        await lab.WaitForAddressAsync(master);
        LossReport report = await lab.FinishAsync(writers, master);
        output.WriteLine(report.ToString());
        output.WriteLine(lab.Proxy.Process.LogTail);
        // What was in flight when the failover began is of unknown outcome only where the Sentinels could not be asked in time.
        Assert.InRange(report.Unknown, 0, lab.HasStalled ? FaultLab.Writers : 0);
        // Both servers knew this proxy's sessions at no time but now.
        Assert.Equal(1, await lab.MetricAsync("redisproxy_master_info", ("generation", "2")));
    }

    [Fact]
    public async Task OldMasterStillTakesWrites_TheProxySendsItNone()
    {
        // With Sentinel's own periods the old master is demoted 11 s late.
        await using FaultLab lab = await FaultLab.StartAsync(
            new SentinelDeploymentOptions { Timings = SentinelTimings.Default, DownAfter = TimeSpan.FromSeconds(30) });
        await using CountingWriter writers = await lab.StartWritersAsync();
        await lab.Deployment.FailoverAsync();
        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        await writers.WaitForAcknowledgedAsync(100, FaultLab.Patience);
        Assert.Equal("OK", (await lab.FirstMaster.CallAsync("SET", "taken-by-the-old-one", "x")).Text);
        using RawClient client = await lab.ConnectAsync();
        Assert.True((await client.CallAsync("GET", "taken-by-the-old-one")).IsNull);
        LossReport report = await lab.FinishAsync(writers, master);
        output.WriteLine(report.ToString());
        Assert.Equal(0, report.NotExecuted + report.Unknown);
    }

    [Fact]
    public async Task OldMastersRepliesStuckInTheNetwork_AreNotBelievedWhenTheyComeLate()
    {
        // The write is executed by the old master and acknowledged into a dead wire; the failover throws it away or not; the late
        // acknowledgement must not reach the client in any case.
        await using FaultLab lab = await FaultLab.StartAsync();
        using RawClient client = await lab.ConnectAsync();
        Assert.Equal("OK", (await client.CallAsync("SET", "k", "before")).Text);
        FaultRelay edge = lab.Relayed.Of(lab.FirstMaster);
        edge.Apply(RelayConditions.Dead, RelayDirections.ToClient);
        await client.SendCommandAsync("SET", "k", "stuck");
        await Eventually.Within(
            FaultLab.Patience, async () => (await lab.FirstMaster.CallAsync("GET", "k")).Text == "stuck", "the old master has executed it");
        await lab.Deployment.FailoverAsync();
        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        edge.Heal();
        RawReply reply = await client.ReadReplyAsync();
        Assert.Equal("IOERR", reply.ErrorCode);
        Assert.Equal("OK", (await client.CallAsync("SET", "k", "after")).Text);
        Assert.Equal("after", (await master.CallAsync("GET", "k")).Text);
        await lab.AssertSaneAsync();
    }
}
