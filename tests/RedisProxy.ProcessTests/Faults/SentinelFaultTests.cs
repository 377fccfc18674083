using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>Sentinels that are lost, silent, late or mistaken, one at a time or all of them.</summary>
public sealed class SentinelFaultTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Lost_TrafficGoesOnAndTheyAreFoundAgain(int lost)
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        foreach (SentinelServer sentinel in lab.Deployment.Sentinels.Take(lost))
        {
            await sentinel.KillAsync();
        }

        await ExpectConnectedAsync(lab, 3 - lost);
        await writers.WaitForAcknowledgedAsync(100, FaultLab.Patience);
        Assert.StartsWith("ready", await lab.Proxy.Http.GetStringAsync("/healthz/ready"), StringComparison.Ordinal);
        foreach (SentinelServer sentinel in lab.Deployment.Sentinels.Take(lost))
        {
            await sentinel.RestartAsync();
        }

        await ExpectConnectedAsync(lab, 3);
        await ExpectNothingHappenedAsync(lab, writers);
    }

    [Theory]
    [InlineData(RelayDirections.Both)]
    [InlineData(RelayDirections.ToClient)]
    public async Task LinkHalfOpen_IsNoticedAndFailoverIsFollowedWithoutIt(RelayDirections directions)
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        lab.Relayed.Of(lab.Deployment.Sentinels[0]).Apply(RelayConditions.Dead, directions);
        await ExpectConnectedAsync(lab, 2);
        await lab.Deployment.FailoverAsync(lab.Deployment.Sentinels[1]);
        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        await lab.WaitForAddressAsync(master);
        lab.Relayed.Heal();
        await ExpectConnectedAsync(lab, 3);
        LossReport report = await lab.FinishAsync(writers, master);
        Assert.Equal(0, report.Unknown + report.NotExecuted);
    }

    [Fact]
    public async Task AllButOneUnreachable_KilledMaster_TheOneIsEnough()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        HideTwo(lab);
        await ExpectConnectedAsync(lab, 1);
        TimeSpan stoppedAt = writers.Now;
        await lab.FirstMaster.KillAsync();
        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        LossReport report = await lab.FinishAsync(writers, master, stoppedAt);
        output.WriteLine(report.ToString());
        Assert.InRange(report.Unknown, 0, FaultLab.Writers);
        Assert.Equal("unplanned 1", await lab.FailoversAsync());
    }

    [Fact]
    public async Task LeaderUnreachable_PlannedFailover_IsFollowedAsSoonAsTheOthersKnow()
    {
        // Only the leader says what is coming. What the old master acknowledges before anybody else knows is lost, to every client.
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        HideTwo(lab);
        await ExpectConnectedAsync(lab, 1);
        TimeSpan clock = lab.Deployment.Events.Now - writers.Now;
        TimeSpan start = await lab.Deployment.FailoverAsync(lab.Deployment.Sentinels[0]);
        SentinelServer visible = lab.Deployment.Sentinels[2];
        SentinelEvent heard = await lab.Deployment.Events.WaitAsync("+switch-master", start, FaultLab.Patience, visible);
        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        LossReport report = await lab.FinishUncheckedAsync(writers, master);
        output.WriteLine($"{report}; the switch was at {(heard.At - clock).TotalSeconds:0.000} s");
        Assert.True((report.LastLostAt ?? TimeSpan.Zero) < heard.At - clock + TimeSpan.FromMilliseconds(250), report.ToString());
        Assert.InRange(report.Unknown, 0, FaultLab.Writers);
        Assert.Equal(0, report.NotExecuted);
    }

    [Fact]
    public async Task MinorityThatStillSaysTheOldMaster_IsNotBelieved()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        SentinelServer stale = lab.Deployment.Sentinels[2];
        // It sleeps through the failover, and when it wakes up it says what it knew.
        stale.Freeze();
        await lab.Deployment.FailoverAsync(lab.Deployment.Sentinels[0]);
        await lab.Deployment.Events.WaitAsync("+switch-master", TimeSpan.Zero, FaultLab.Patience);
        await writers.WaitForAcknowledgedAsync(100, FaultLab.Patience);
        stale.Thaw();
        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        await ExpectConnectedAsync(lab, 3);
        LossReport report = await lab.FinishAsync(writers, master);
        output.WriteLine(report.ToString());
        Assert.Equal(0, report.Unknown + report.NotExecuted);
        Assert.Equal("planned 1", await lab.FailoversAsync());
        Assert.Equal(1, await lab.MetricAsync("redisproxy_master_info", ("generation", "2")));
    }

    [Fact]
    public async Task ProxyStartedWithOnlyAStaleSentinelInReach_MovesOnOnceTheOthersAreThere()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        SentinelServer stale = lab.Deployment.Sentinels[2];
        stale.Freeze();
        await lab.Deployment.FailoverAsync(lab.Deployment.Sentinels[0]);
        await lab.Deployment.Events.WaitAsync("+switch-master", TimeSpan.Zero, FaultLab.Patience);
        HideTwo(lab);
        stale.Thaw();
        await using ProxyProcess late = await ProxyProcess.StartAsync(lab.Relayed.ProxyOptions.With("hold.timeout", "1s"));
        using RawClient client = await late.ConnectAsync();
        await client.CallAsync("SET", "k", "v");
        lab.Relayed.Heal();
        RedisServer master = await lab.Deployment.WaitForMasterAsync(lab.FirstMaster, FaultLab.Patience);
        await Eventually.Within(
            FaultLab.Patience, async () => (await client.CallAsync("SET", "k", "at the new one")).Text == "OK", "it is served");
        await Eventually.Within(
            FaultLab.Patience,
            async () => (await late.ScrapeAsync()).Has("redisproxy_master_info", ("address", lab.Relayed.Of(master).Endpoint)),
            "it has the new master");
        await client.CallAsync("SET", "k", "at the new one");
        Assert.Equal("at the new one", (await master.CallAsync("GET", "k")).Text);
    }

    [Fact]
    public async Task InTilt_TheProxyGoesOn()
    {
        await using FaultLab lab = await FaultLab.StartAsync();
        await using CountingWriter writers = await lab.StartWritersAsync();
        SentinelServer sleeper = lab.Deployment.Sentinels[0];
        await sleeper.SetTimingsAsync(SentinelTimings.Fast with { TiltTrigger = 1000 });
        sleeper.Freeze();
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        sleeper.Thaw();
        await Eventually.Within(
            FaultLab.Patience, () => lab.Proxy.Process.LogTail.Contains("TILT", StringComparison.OrdinalIgnoreCase), "the proxy says so");
        await writers.WaitForAcknowledgedAsync(100, FaultLab.Patience);
        await ExpectConnectedAsync(lab, 3);
        await ExpectNothingHappenedAsync(lab, writers);
    }

    [Fact]
    public async Task MasterNameThatNoSentinelKnows_IsSaidClearlyAndRequestsAreRefused()
    {
        await using FaultLab lab = await FaultLab.StartAsync(configure: options => options with
        {
            Listeners = [new ProxyListener { Master = "mistaken" }],
            Settings = new Dictionary<string, System.Text.Json.Nodes.JsonNode?>(options.Settings) { ["hold.timeout"] = "500ms" },
        });
        using RawClient client = await lab.ConnectAsync();
        RawReply reply = await client.CallAsync("SET", "k", "v");
        Assert.Equal("LOADING", reply.ErrorCode);
        Assert.Contains("'mistaken'", reply.Text, StringComparison.Ordinal);
        using HttpResponseMessage ready = await lab.Proxy.Http.GetAsync(new Uri("healthz/ready", UriKind.Relative));
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        string body = await ready.Content.ReadAsStringAsync();
        output.WriteLine(body + lab.Proxy.Process.LogTail);
        Assert.Contains("mistaken", body, StringComparison.Ordinal);
        // What they do know is what an operator needs.
        Assert.Contains("mymaster", body, StringComparison.Ordinal);
        await Eventually.Within(
            FaultLab.Patience,
            () => lab.Proxy.Process.LogTail.Contains("mistaken: no master yet", StringComparison.Ordinal),
            "the log says so");
        await lab.AssertSaneAsync();
    }

    private static void HideTwo(FaultLab lab)
    {
        lab.Relayed.Of(lab.Deployment.Sentinels[0]).Apply(RelayConditions.Dead);
        lab.Relayed.Of(lab.Deployment.Sentinels[1]).Apply(RelayConditions.Dead);
    }

    private static Task ExpectConnectedAsync(FaultLab lab, int count) =>
        lab.WaitForMetricAsync("redisproxy_sentinels", count, ("state", "connected"));

    private async Task ExpectNothingHappenedAsync(FaultLab lab, CountingWriter writers)
    {
        LossReport report = await lab.FinishAsync(writers, lab.FirstMaster);
        output.WriteLine(report.ToString());
        Assert.Equal(0, report.Unknown + report.NotExecuted);
        Assert.Equal("", await lab.FailoversAsync());
    }
}
