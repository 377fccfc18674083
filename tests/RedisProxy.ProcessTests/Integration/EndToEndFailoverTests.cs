using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>Real failovers of real processes, seen by an application behind the proxy.</summary>
public sealed class EndToEndFailoverTests(ITestOutputHelper output)
{
    // How long after the first Sentinel's switch the first write must have been acknowledged.
    private static readonly TimeSpan MaxAfterSwitch = TimeSpan.FromMilliseconds(250);

    // The portable transport is not for speed: there it is only judged that the switch makes the writes go on, and not a limit of seconds.
    private static readonly TimeSpan Allowed = ProxyTransport.IsPortable ? TimeSpan.FromSeconds(1) : MaxAfterSwitch;

    // Sentinel's. With a short one, Sentinels of a busy machine take a master for down that is not.
    private static readonly TimeSpan DefaultDownAfter = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public Task PlannedFailover_UnderFullWriteLoad_LosesNothingAndShowsNoError(bool isDefaultTiming) =>
        AssertResumedInTimeAsync(() => FailOverAsync(isDefaultTiming));

    [Fact]
    public Task MasterKilled_UnderFullWriteLoad_ExecutesNothingTwiceAndResumesWithTheSwitch() => AssertResumedInTimeAsync(KillMasterAsync);

    [Fact]
    public async Task MasterFrozenAndThawedAfterTheFailover_LosesNoAcknowledgedWrite()
    {
        await using FailoverFixture fixture = await FailoverFixture.StartAsync();
        await using CountingWriter writers = fixture.StartWriters();
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        fixture.FirstMaster.Freeze();
        TimeSpan frozenAt = writers.Now;
        RedisServer master = await fixture.Deployment.WaitForMasterAsync(fixture.FirstMaster, FailoverFixture.Patience);
        await writers.WaitForAcknowledgedAsync(500, FailoverFixture.Patience);
        fixture.FirstMaster.Thaw();
        await fixture.Deployment.WaitUntilHealthyAsync(FailoverFixture.Patience);
        await writers.WaitForAcknowledgedAsync(500, FailoverFixture.Patience);
        LossReport report = await writers.CompareAsync(master);
        output.WriteLine($"frozen at {frozenAt.TotalSeconds:0.000} s: {report}");
        Assert.True(report.IsHonestButForTheMoment(frozenAt, writers: 8), report.ToString());
        Assert.Equal(0, report.Broken + report.OtherErrors);
        await fixture.AssertIdleSessionsAreAsTheyWereAsync();
    }

    [Fact]
    public async Task MasterTerminated_ExecutesNothingTwice()
    {
        await using FailoverFixture fixture = await FailoverFixture.StartAsync();
        await using CountingWriter writers = fixture.StartWriters();
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        await fixture.FirstMaster.TerminateAsync();
        RedisServer master = await fixture.Deployment.WaitForMasterAsync(fixture.FirstMaster, FailoverFixture.Patience);
        await writers.WaitForAcknowledgedAsync(500, FailoverFixture.Patience);
        LossReport report = await writers.CompareAsync(master);
        output.WriteLine(report.ToString());
        Assert.True(report.IsHonest, report.ToString());
        Assert.Equal(0, report.Broken + report.OtherErrors);
        await fixture.AssertIdleSessionsAreAsTheyWereAsync();
    }

    [Fact]
    public async Task MasterRestartedAtTheSameAddress_KeepsEverySession()
    {
        // Long enough that the Sentinels never notice.
        var options = new SentinelDeploymentOptions
        {
            DownAfter = TimeSpan.FromMinutes(1),
            Server = new RedisServerOptions { AppendOnly = true },
        };
        await using FailoverFixture fixture = await FailoverFixture.StartAsync(options);
        await using CountingWriter writers = fixture.StartWriters();
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        await fixture.FirstMaster.KillAsync();
        await Eventually.Within(
            FailoverFixture.Patience,
            async () => (await fixture.Proxy.ScrapeAsync()).Sum("redisproxy_master_up") == 0,
            "the proxy has seen it down: a restart faster than its look is only a lost connection");
        await fixture.FirstMaster.RestartAsync(keepData: true);
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        LossReport report = await writers.CompareAsync(fixture.FirstMaster);
        output.WriteLine(report.ToString());
        Assert.Empty(report.Duplicate);
        Assert.Empty(report.Phantom);
        Assert.Empty(report.OutOfOrder);
        Assert.Equal(0, report.Broken + report.OtherErrors);
        await fixture.AssertIdleSessionsAreAsTheyWereAsync();
        MetricsSnapshot metrics = await fixture.Proxy.ScrapeAsync();
        Assert.Equal(1, metrics.Sum("redisproxy_failovers_total", ("kind", "restart")));
        Assert.Equal(0, metrics.Sum("redisproxy_failovers_total", ("kind", "unplanned")));
    }

    [Fact]
    public async Task WriteThatEndsAfterThePromotion_IsNotAcknowledged()
    {
        // As users have it: the old master is demoted late, and acknowledges until then.
        var options = new SentinelDeploymentOptions { Timings = SentinelTimings.Default, DownAfter = TimeSpan.FromSeconds(10) };
        await using FailoverFixture fixture = await FailoverFixture.StartAsync(options);
        using RawClient client = await fixture.Proxy.ConnectAsync();
        client.Timeout = FailoverFixture.Patience;
        const string Script = """
            local function now() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end
            local untilMs = now() + 320
            while now() < untilMs do end
            return redis.call('SET', 'slow', 'done')
            """;
        await client.SendCommandAsync("EVAL", Script, "0");
        await fixture.Deployment.FailoverAsync();
        RawReply reply = await client.ReadReplyAsync();
        RedisServer master = await fixture.Deployment.WaitForMasterAsync(fixture.FirstMaster, FailoverFixture.Patience);
        bool isStored = (await master.CallAsync("EXISTS", "slow")).Number == 1;
        output.WriteLine($"{reply}, stored: {isStored}");
        Assert.True(isStored || reply.ErrorCode == "IOERR", $"{reply}, but it is not stored");
        await fixture.AssertIdleSessionsAreAsTheyWereAsync();
    }

    [Fact]
    public async Task ManyFailoversInARow_LoseNothing()
    {
        await using FailoverFixture fixture = await FailoverFixture.StartAsync();
        await using CountingWriter writers = fixture.StartWriters(4);
        RedisServer master = fixture.FirstMaster;
        for (int round = 0; round < 3; round++)
        {
            await writers.WaitForAcknowledgedAsync(500, FailoverFixture.Patience);
            await fixture.Deployment.FailoverAsync();
            master = await fixture.Deployment.WaitForMasterAsync(master, FailoverFixture.Patience);
            await fixture.Deployment.WaitUntilHealthyAsync(FailoverFixture.Patience);
        }

        await writers.WaitForAcknowledgedAsync(500, FailoverFixture.Patience);
        LossReport report = await writers.CompareAsync(master);
        output.WriteLine(report.ToString());
        Assert.True(report.IsHonest, report.ToString());
        Assert.Equal(0, report.NotExecuted + report.Unknown + report.Broken + report.OtherErrors);
        await fixture.AssertIdleSessionsAreAsTheyWereAsync();
    }

    private async Task<TimeSpan> FailOverAsync(bool isDefaultTiming)
    {
        // With Sentinel's default timing the old master acknowledges writes for 11 s more to everybody who asks it.
        await using FailoverFixture fixture = await FailoverFixture.StartAsync(
            isDefaultTiming ? new SentinelDeploymentOptions { Timings = SentinelTimings.Default, DownAfter = DefaultDownAfter } : null);
        await using CountingWriter writers = fixture.StartWriters();
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        TimeSpan eventClock = fixture.Deployment.Events.Now - writers.Now;
        TimeSpan start = await fixture.Deployment.FailoverAsync();
        RedisServer master = await fixture.Deployment.WaitForMasterAsync(fixture.FirstMaster, FailoverFixture.Patience);
        await fixture.Deployment.WaitUntilHealthyAsync(FailoverFixture.Patience);
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        LossReport report = await writers.CompareAsync(master);
        TimeSpan resumedAfter = Describe(fixture, report, start, eventClock);
        Assert.True(report.IsHonest, report.ToString());
        Assert.Equal(0, report.NotExecuted + report.Unknown + report.Broken + report.OtherErrors);
        await fixture.AssertIdleSessionsAreAsTheyWereAsync();
        MetricsSnapshot metrics = await fixture.Proxy.ScrapeAsync();
        Assert.Equal(1, metrics.Sum("redisproxy_failovers_total", ("kind", "planned")));
        Assert.Equal(0, metrics.Sum("redisproxy_sessions_pinned_total"));
        if (isDefaultTiming)
        {
            Assert.Single(fixture.Proxy.Process.LogTail.Split('\n'), line => line.Contains("hold started", StringComparison.Ordinal));
        }

        return resumedAfter;
    }

    private async Task<TimeSpan> KillMasterAsync()
    {
        await using FailoverFixture fixture = await FailoverFixture.StartAsync();
        await using CountingWriter writers = fixture.StartWriters();
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        TimeSpan eventClock = fixture.Deployment.Events.Now - writers.Now;
        TimeSpan start = fixture.Deployment.Events.Now;
        await fixture.FirstMaster.KillAsync();
        RedisServer master = await fixture.Deployment.WaitForMasterAsync(fixture.FirstMaster, FailoverFixture.Patience);
        await writers.WaitForAcknowledgedAsync(1000, FailoverFixture.Patience);
        LossReport report = await writers.CompareAsync(master);
        TimeSpan resumedAfter = Describe(fixture, report, start, eventClock);

        Assert.True(report.IsHonestButForTheMoment(start - eventClock, writers: 8), report.ToString());
        Assert.Equal(0, report.Broken + report.OtherErrors);
        await fixture.AssertIdleSessionsAreAsTheyWereAsync();
        return resumedAfter;
    }

    /// <summary>The end of the last pause that belongs to the failover, relative to the first Sentinel's switch.</summary>
    private static TimeSpan ResumedAfterSwitch(FailoverFixture fixture, LossReport report, TimeSpan start, TimeSpan eventClock)
    {
        TimeSpan firstSwitch = fixture.Deployment.Events.Switches(start).Values.Min() - eventClock;
        return report.Pauses.LastOrDefault(pause => pause.Start < firstSwitch + MaxAfterSwitch).End - firstSwitch;
    }

    private static async Task AssertResumedInTimeAsync(Func<Task<TimeSpan>> failOver)
    {
        IReadOnlyList<TimeSpan> resumedAfter = await Attempts.UntilInTimeAsync(failOver, after => after <= Allowed);
        string milliseconds = string.Join(", ", resumedAfter.Select(after => $"{after.TotalMilliseconds:0}"));
        Assert.True(resumedAfter[^1] <= Allowed, $"resumed {milliseconds} ms after the first Sentinel's switch");
    }

    private TimeSpan Describe(FailoverFixture fixture, LossReport report, TimeSpan start, TimeSpan eventClock)
    {
        output.WriteLine(report.ToString());
        TimeSpan after = ResumedAfterSwitch(fixture, report, start, eventClock);
        output.WriteLine($"first write {after.TotalMilliseconds:0} ms after the first Sentinel's switch");
        output.WriteLine(fixture.Proxy.Process.LogTail);
        return after;
    }
}
