using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>
/// The proxy's process is stopped and goes on, as a paused machine or a throttled container does, around what befalls the master. What it
/// passes on after that must be for the master of that moment.
/// </summary>
public sealed class FrozenProxyTests(ITestOutputHelper output)
{
    private const int Writers = 20;
    private const int DefaultSeed = 20_261_129;

    private static readonly TimeSpan RestBetweenStops = TimeSpan.FromMilliseconds(50);

    /// <summary>Not the time that is allowed, but the time after which a test machine is taken for broken.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(100, 0)]
    [InlineData(600, 0)]
    [InlineData(1_500, 0)]
    [InlineData(1_500, 250)]
    [InlineData(8_000, 0)]
    public async Task PlannedFailoverWhileFrozen_NothingIsLostAndNothingIsUnknown(int frozenMs, int orderedAfterMs)
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment));
        await AssertNothingIsUnknownAsync(() => FailOverAsync(
            deployment, proxy, stopAfterOrder: TimeSpan.FromMilliseconds(-orderedAfterMs), TimeSpan.FromMilliseconds(frozenMs)));
        Assert.True((await proxy.ScrapeAsync()).Sum("redisproxy_lease_lapses_total") > 0 || frozenMs == 100);
    }

    /// <summary>
    /// Between the two stops both rest for a moment: what the master has answered by then it has sent to its replicas. Else an answer could
    /// lie in the proxy's sockets, in time to be believed, to a write that went with the master.
    /// </summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task MasterKilledOrFrozenWhileFrozen_OnlyWhatWasInFlightIsUnknown(bool isKilled, bool isProxyFirst)
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment));
        await using CountingWriter writers = await StartWritersAsync(proxy);
        RedisServer first = deployment.Servers[0];
        TimeSpan stoppedAt = writers.Now;
        if (isProxyFirst)
        {
            proxy.Process.Freeze();
            await Task.Delay(RestBetweenStops, TimeProvider.System);
        }

        if (isKilled)
        {
            await first.KillAsync();
        }
        else
        {
            first.Freeze();
        }

        if (!isProxyFirst)
        {
            await Task.Delay(RestBetweenStops, TimeProvider.System);
            proxy.Process.Freeze();
        }

        RedisServer master = await deployment.WaitForMasterAsync(first, Patience);
        if (!isKilled)
        {
            // It answers what lay in its sockets, as the master that it was.
            first.Thaw();
        }

        proxy.Process.Thaw();
        await writers.WaitForAcknowledgedAsync(200, Patience);
        LossReport report = await writers.CompareAsync(master);
        output.WriteLine(report.ToString());
        output.WriteLine(proxy.Process.LogTail);
        Assert.True(report.IsHonestButForTheMoment(stoppedAt, Writers), report.ToString());
        Assert.InRange(report.Unknown, 0, Writers);
        Assert.Equal(0, report.Broken + report.OtherErrors);
    }

    [Fact]
    public async Task MasterRestartedWhileFrozen_NothingIsLost()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            DownAfter = TimeSpan.FromMinutes(1),
            Server = new RedisServerOptions { Lines = ["save 3600 1"] },
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment));
        await using CountingWriter writers = await StartWritersAsync(proxy);
        proxy.Process.Freeze();
        await deployment.Servers[0].TerminateAsync();
        await deployment.Servers[0].RestartAsync(keepData: true);
        proxy.Process.Thaw();
        await writers.WaitForAcknowledgedAsync(200, Patience);
        LossReport report = await writers.CompareAsync(deployment.Servers[0]);
        output.WriteLine(report.ToString());
        Assert.True(report.IsHonest, report.ToString());
        Assert.InRange(report.Unknown, 0, Writers);
        Assert.Equal(0, report.Broken + report.OtherErrors);
    }

    [Fact]
    public async Task OneSentinelFrozen_WritesWaitOnceAndNotLong()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment));
        await using CountingWriter writers = await StartWritersAsync(proxy);
        deployment.Sentinels[2].Freeze();
        await Eventually.Within(
            Patience,
            () => proxy.Process.LogTail.Contains("the proxy does not wait for it until it does", StringComparison.Ordinal),
            "the frozen Sentinel is given up");
        int before = writers.Count(WriteOutcome.Acknowledged);
        await writers.WaitForAcknowledgedAsync(2_000, Patience);
        output.WriteLine($"{writers.Count(WriteOutcome.Acknowledged) - before} since");
        deployment.Sentinels[2].Thaw();
        await writers.WaitForAcknowledgedAsync(2_000, Patience);
        LossReport report = await writers.CompareAsync(deployment.Servers[0]);
        output.WriteLine(report.ToString());
        Assert.True(report.IsHonest, report.ToString());
        Assert.Equal(0, report.Unknown + report.NotExecuted + report.Broken);
        Assert.True(report.LongestPause.Length < TimeSpan.FromSeconds(2), report.ToString());
    }

    [Fact]
    public async Task QuietForLong_ThenFrozenOverAPlannedFailover_TheNextWriteGoesToTheNewMaster()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment));
        using RawClient client = await proxy.ConnectAsync();
        Assert.Equal("OK", (await client.CallAsync("SET", "before", "1")).Text);
        await Task.Delay(Lease.RestsAfter + TimeSpan.FromSeconds(1), TimeProvider.System); // The rest that is looked at.
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal("OK", (await client.CallAsync("SET", "again", "1")).Text);
        output.WriteLine($"the first write after the rest took {watch.Elapsed.TotalMilliseconds:0.0} ms");
        await Task.Delay(Lease.RestsAfter + TimeSpan.FromSeconds(1), TimeProvider.System);
        proxy.Process.Freeze();
        await deployment.FailoverAsync();
        Task<RawReply> write = client.CallAsync("SET", "k", "v");
        RedisServer master = await deployment.WaitForMasterAsync(deployment.Servers[0], Patience);
        proxy.Process.Thaw();
        Assert.Equal("OK", (await write).Text);
        using RawClient direct = await RawClient.ConnectAsync(master.Port);
        Assert.Equal("v", (await direct.CallAsync("GET", "k")).Text);
    }

    [Fact]
    public async Task ControlPlaneStarvedOverAPlannedFailover_NothingIsLost()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment));
        await using CountingWriter writers = await StartWritersAsync(proxy);
        RedisServer master;
        await using (await ControlPlaneStarvation.BeginAsync(proxy))
        {
            await deployment.FailoverAsync();
            master = await deployment.WaitForMasterAsync(deployment.Servers[0], Patience);
        }

        await writers.WaitForAcknowledgedAsync(200, Patience);
        await deployment.WaitUntilHealthyAsync(Patience);
        LossReport report = await writers.CompareAsync(master);
        output.WriteLine(report.ToString());
        Assert.True(report.IsHonest, report.ToString());
        Assert.InRange(report.Unknown, 0, Writers);
        Assert.Equal(0, report.Broken + report.OtherErrors);
    }

    [Fact]
    public Task PlannedFailoversWithRandomStopsOfTheProxy_NothingIsLostAndNothingIsUnknown() => FailOverOftenAsync(failovers: 5);

    [Fact]
    [Trait("Tier", "Long")]
    public Task HundredPlannedFailoversWithRandomStopsOfTheProxy_NothingIsLostAndNothingIsUnknown() => FailOverOftenAsync(failovers: 100);

    private async Task FailOverOftenAsync(int failovers)
    {
        int seed = Environment.GetEnvironmentVariable("REDISPROXY_TEST_SEED") is { Length: > 0 } given
            ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture)
            : DefaultSeed;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment));
        for (int i = 0; i < failovers; i++)
        {
            await AssertNothingIsUnknownAsync(() => FailOverAsync(
                deployment,
                proxy,
                stopAfterOrder: TimeSpan.FromMilliseconds(random.Next(-400, 1_200)),
                length: TimeSpan.FromMilliseconds(random.Next(50, 500))));
        }
    }

    /// <summary>
    /// An answer is believed if it reached this machine while the lease ran: until 100 ms after all Sentinels were heard. On a busy machine
    /// the master may answer later than that, all writers at once: those are rightly UNKNOWN, and nothing is lost. The two failovers after
    /// such a one must show none.
    /// </summary>
    private static async Task AssertNothingIsUnknownAsync(Func<Task<LossReport>> failOver)
    {
        LossReport first = await failOver();
        Assert.InRange(first.Unknown, 0, Writers);
        for (int again = 0; first.Unknown > 0 && again < 2; again++)
        {
            LossReport report = await failOver();
            Assert.True(report.Unknown == 0, $"{first}\nagain: {report}");
        }
    }

    /// <summary>A planned failover to its end, the old master's demotion, with a stop of the proxy.</summary>
    private async Task<LossReport> FailOverAsync(
        SentinelDeployment deployment, ProxyProcess proxy, TimeSpan stopAfterOrder, TimeSpan length)
    {
        await deployment.WaitUntilHealthyAsync(Patience);
        RedisServer old = (await deployment.AgreedMasterAsync())!;
        await using CountingWriter writers = await StartWritersAsync(proxy);
        Task order = DelayedAsync(-stopAfterOrder, () => deployment.FailoverAsync());
        await DelayedAsync(stopAfterOrder, () =>
        {
            proxy.Process.Freeze();
            return Task.CompletedTask;
        });
        await DelayedAsync(length, () =>
        {
            proxy.Process.Thaw();
            return Task.CompletedTask;
        });
        await order;
        RedisServer master = await deployment.WaitForMasterAsync(old, Patience);
        await writers.WaitForAcknowledgedAsync(200, Patience);
        await deployment.WaitUntilHealthyAsync(Patience);
        LossReport report = await writers.CompareAsync(master);
        output.WriteLine($"stopped {stopAfterOrder.TotalMilliseconds:0} ms after the order for {length.TotalMilliseconds:0} ms: {report}");
        Assert.True(report.IsHonest, report.ToString());
        Assert.Equal(0, report.NotExecuted + report.Broken + report.OtherErrors);
        return report;
    }

    private static async Task<CountingWriter> StartWritersAsync(ProxyProcess proxy)
    {
        var options = new CountingWriterOptions { Writers = Writers, ReplyWithin = Patience, KeyPrefix = $"{Guid.NewGuid():N}:" };
        CountingWriter writers = CountingWriter.Start(proxy.Port, options);
        await writers.WaitForAcknowledgedAsync(200, Patience);
        return writers;
    }

    // A time of the schedule, and none that is waited for.
    private static async Task DelayedAsync(TimeSpan delay, Func<Task> action)
    {
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, TimeProvider.System);
        }

        await action();
    }
}
