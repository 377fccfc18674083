using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Privileged;

/// <summary>Networks that fail in silence, between hosts that all go on living.</summary>
[Trait("Tier", "Privileged")]
public sealed class PartitionTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>From the cut to the moment in which the proxy knows that most Sentinels are gone: a ping and its patience.</summary>
    private static readonly TimeSpan Detection = TimeSpan.FromSeconds(10);

    /// <summary>Replication is asynchronous: what is acknowledged in the moment of the cut may have gone to no replica.</summary>
    private static readonly TimeSpan LastMoment = TimeSpan.FromMilliseconds(250);

    private NetworkLab _lab = null!;
    private SentinelDeployment _deployment = null!;

    private RedisServer OldMaster => _deployment.Servers[0];

    private RedisServer Replica => _deployment.Servers[1];

    private ProcessHost ProxyHost => _lab.Hosts[5];

    public async ValueTask InitializeAsync()
    {
        _lab = await NetworkLab.CreateAsync(hosts: 6);
        _deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            Replicas = 1,
            ServerHosts = [_lab.Hosts[0], _lab.Hosts[1]],
            SentinelHosts = [_lab.Hosts[2], _lab.Hosts[3], _lab.Hosts[4]],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_deployment is not null)
        {
            await _deployment.DisposeAsync();
        }

        await _lab.DisposeAsync();
    }

    [Fact]
    public async Task Privileged_MastersHostInABlackHole_SessionsMoveAndHistoryIsHonest()
    {
        await using ProxyProcess proxy = await StartProxyAsync(requireMajority: false);
        await using CountingWriter writers = StartWriters(proxy);
        await writers.WaitForAcknowledgedAsync(500, Patience);
        TimeSpan cutAt = writers.Now;
        await _lab.CutAsync([OldMaster.Address], [.. OthersThan(OldMaster.Address), _lab.TestAddress]);
        await WaitForNewMasterAsync(_deployment.Sentinels[0]);
        await writers.WaitForAcknowledgedAsync(500, Patience);
        await _lab.HealAsync();
        await _deployment.WaitUntilHealthyAsync(Patience);
        await writers.WaitForAcknowledgedAsync(200, Patience);

        LossReport report = await writers.CompareAsync(Replica);
        output.WriteLine(report.ToString());
        AssertNothingElseIsWrong(report);
        Assert.True(report.LastLostAt is null || report.LastLostAt < cutAt + LastMoment, $"cut at {cutAt}: {report}");
        // One in flight for each writer, and once more when Sentinel closes all connections to the new master.
        Assert.InRange(report.Unknown, 0, 8);
    }

    [Fact]
    public async Task Privileged_MinoritySideWithRequireMajority_AcknowledgesNothingOnceThatIsKnown()
    {
        await using ProxyProcess proxy = await StartProxyAsync(requireMajority: true);
        await using CountingWriter writers = StartWriters(proxy);
        await writers.WaitForAcknowledgedAsync(500, Patience);
        TimeSpan cutAt = writers.Now;
        await PartitionAsync();
        await WaitForNewMasterAsync(_deployment.Sentinels[1]);
        await WaitForWritesToStopAsync(writers);
        int refused = writers.Count(WriteOutcome.NotExecuted);
        int acknowledged = writers.Count(WriteOutcome.Acknowledged);
        await Eventually.Within(Patience, () => writers.Count(WriteOutcome.NotExecuted) > refused + 8, "writes are refused");
        Assert.Equal(acknowledged, writers.Count(WriteOutcome.Acknowledged));
        await HealAndGoOnAsync(writers);

        LossReport report = await writers.CompareAsync(Replica);
        output.WriteLine($"cut at {cutAt}\n{report}");
        AssertNothingElseIsWrong(report);
        Assert.True(report.LastLostAt is null || report.LastLostAt < cutAt + Detection, $"cut at {cutAt}: {report}");
    }

    [Fact]
    public async Task Privileged_MinoritySideWithoutRequireMajority_LosesWhatItsMasterAcknowledgedThere()
    {
        await using ProxyProcess proxy = await StartProxyAsync(requireMajority: false);
        await using CountingWriter writers = StartWriters(proxy);
        await writers.WaitForAcknowledgedAsync(500, Patience);
        TimeSpan cutAt = writers.Now;
        await PartitionAsync();
        await WaitForNewMasterAsync(_deployment.Sentinels[1]);
        await writers.WaitForAcknowledgedAsync(500, Patience);
        await HealAndGoOnAsync(writers);

        LossReport report = await writers.CompareAsync(Replica);
        output.WriteLine($"cut at {cutAt}\n{report}");
        AssertNothingElseIsWrong(report);
        // As with a client that is connected directly: it is on the wrong side, and nobody there can know.
        Assert.True(report.Lost.Count >= 500, $"cut at {cutAt}: {report}");
    }

    private static void AssertNothingElseIsWrong(LossReport report)
    {
        Assert.Equal(0, report.ConnectionsBroken);
        Assert.Empty(report.Phantom);
        Assert.Empty(report.Duplicate);
        Assert.Empty(report.OutOfOrder);
        Assert.Equal(0, report.OtherErrors);
    }

    private static CountingWriter StartWriters(ProxyProcess proxy) =>
        CountingWriter.Start(proxy.ConnectAsync, new CountingWriterOptions { ReplyWithin = Patience });

    private static async Task WaitForWritesToStopAsync(CountingWriter writers)
    {
        const int Looks = 25;
        (int last, int unchanged) = (-1, 0);
        await Eventually.Within(
            Patience,
            () =>
            {
                int now = writers.Count(WriteOutcome.Acknowledged);
                unchanged = now == last ? unchanged + 1 : 0;
                last = now;
                return unchanged == Looks;
            },
            "nothing is acknowledged any more");
    }

    private Task<ProxyProcess> StartProxyAsync(bool requireMajority) => ProxyProcess.StartAsync(
        (ProxyProcessOptions.For(_deployment) with { Host = ProxyHost })
            .With("sentinel.requireMajority", requireMajority)
            .With("hold.timeout", requireMajority ? "1s" : "20s"));

    /// <summary>Proxy, master and one Sentinel on one side; replica and two Sentinels on the other. The test sees all.</summary>
    private Task PartitionAsync()
    {
        string[] minority = [ProxyHost.Address, OldMaster.Address, _deployment.Sentinels[0].Address];
        return _lab.CutAsync(minority, _lab.Hosts.Select(h => h.Address).Except(minority));
    }

    private Task WaitForNewMasterAsync(SentinelServer sentinel) => Eventually.Within(
        Patience,
        async () => await sentinel.MasterPortAsync(_deployment.MasterName, TimeSpan.FromSeconds(1)) == Replica.Port
            && await Replica.RoleAsync() == "master",
        $"{sentinel} says that the replica is the master");

    private async Task HealAndGoOnAsync(CountingWriter writers)
    {
        await _lab.HealAsync();
        await _deployment.WaitUntilHealthyAsync(Patience);
        Assert.Equal(Replica, await _deployment.AgreedMasterAsync());
        await writers.WaitForAcknowledgedAsync(500, Patience);
    }

    private IEnumerable<string> OthersThan(string address) =>
        _lab.Hosts.Select(h => h.Address).Where(other => other != address);
}
