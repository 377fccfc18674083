using System.Globalization;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Promotions;

/// <summary>
/// A promotion is recognised by the promoted replica's own word: as a reason to hold always, as a reason to continue with
/// <c>hold.acceptPromoted: observed</c> and in a failover on demand. With Sentinel's default periods.
/// </summary>
public sealed class ObservedPromotionTests(ITestOutputHelper output)
{
    private const int Writers = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Of one writer, between the promotion and the hold: two or three writes, and some more on a busy machine. Until a Sentinel's report,
    /// it would be some hundreds in all.
    /// </summary>
    private const int MaxLostByOne = 8;

    public enum Silence
    {
        /// <summary>The proxy does not hear the Sentinel that leads the failover.</summary>
        Leader,

        /// <summary>It hears none of them.</summary>
        All,
    }

    [Fact]
    public async Task Planned_Observed_ContinuesLongBeforeAnySentinelReportsIt()
    {
        await using SentinelDeployment deployment = await StartAsync();
        LossReport report = await FailOverAsync(deployment, isObserved: true);
        output.WriteLine(report.ToString());
        AssertNothingLost(report);
        Assert.InRange(report.LongestPause.Length, TimeSpan.Zero, TimeSpan.FromMilliseconds(700));
    }

    [Theory]
    [InlineData(Silence.Leader)]
    [InlineData(Silence.All)]
    public async Task Planned_Unheard_IsHeldWithinMilliseconds(Silence silence)
    {
        await using RelayedDeployment relayed = await RelayedDeployment.StartAsync(Options());
        SentinelDeployment deployment = relayed.Deployment;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(relayed.ProxyOptions.With("hold.timeout", "10s"));
        await using CountingWriter writers = StartWriters(proxy);
        await writers.WaitForAcknowledgedAsync(2000, Patience);
        SentinelServer leader = deployment.Sentinels[0];
        foreach (SentinelServer silent in silence == Silence.All ? deployment.Sentinels : [leader])
        {
            relayed.Of(silent).Apply(RelayConditions.Dead);
        }

        // Until then the lease withholds what it cannot vouch for, whatever is promoted.
        await Eventually.Within(Patience, async () => await IsGivenUpAsync(proxy, silence), "the silent Sentinels are given up");
        await writers.WaitForAcknowledgedAsync(2000, Patience);
        double perSecond = await RateAsync(writers);
        await deployment.FailoverAsync(leader);
        RedisServer next = await deployment.WaitForMasterAsync(deployment.Servers[0], Patience);
        relayed.Heal();
        await writers.WaitForAcknowledgedAsync(1000, Patience);
        LossReport report = await writers.CompareAsync(next);
        string text = string.Create(
            CultureInfo.InvariantCulture, $"{silence} silent, {perSecond:0} writes/s: lost {report.Lost.Count}; {report}");
        output.WriteLine(text);
        ProgressFile.Say(text);
        Assert.True(report.Lost.Count <= Writers * MaxLostByOne, text);
        Assert.Equal(0, report.Phantom.Count + report.Duplicate.Count + report.OutOfOrder.Count);
        Assert.Equal(0, report.ConnectionsBroken);
    }

    [Fact]
    public async Task Detached_ReplicaThatNobodyPromoted_CostsAMoment()
    {
        await using SentinelDeployment deployment = await StartAsync();
        await using ProxyProcess proxy = await StartProxyAsync(deployment, isObserved: true);
        await using CountingWriter writers = StartWriters(proxy);
        await writers.WaitForAcknowledgedAsync(2000, Patience);
        await deployment.Servers[1].CallAsync("REPLICAOF", "NO", "ONE");
        await Eventually.Within(
            Patience, () => proxy.Process.LogTail.Contains("no longer so that its replica", StringComparison.Ordinal), "the hold ended");
        await writers.WaitForAcknowledgedAsync(2000, Patience);
        LossReport report = await writers.CompareAsync(deployment.Servers[0]);
        output.WriteLine(report.ToString());
        AssertNothingLost(report);
        Assert.InRange(report.LongestPause.Length, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Planned_Observed_AHundredTimes()
    {
        int times = Times(100);
        var pauses = new List<double>();
        for (int i = 1; i <= times; i++)
        {
            await using SentinelDeployment deployment = await StartAsync();
            LossReport report = await FailOverAsync(deployment, isObserved: true);
            AssertNothingLost(report);
            Assert.Equal(0, report.NotExecuted + report.Unknown);
            pauses.Add(report.LongestPause.Length.TotalMilliseconds);
            ProgressFile.Say($"planned {i}: {Summary(pauses)}");
        }

        Assert.InRange(Quantile(pauses, 0.5), 0, 250);
        Assert.InRange(Quantile(pauses, 0.99), 0, 500);
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Killed_Observed_FiftyTimes()
    {
        int times = Times(50);
        var pauses = new List<double>();
        int lost = 0;
        for (int i = 1; i <= times; i++)
        {
            await using SentinelDeployment deployment = await StartAsync(TimeSpan.FromSeconds(2));
            await using ProxyProcess proxy = await StartProxyAsync(deployment, isObserved: true);
            await using CountingWriter writers = StartWriters(proxy);
            await writers.WaitForAcknowledgedAsync(2000, Patience);
            TimeSpan killedAt = writers.Now;
            await deployment.Servers[0].KillAsync();
            RedisServer next = await deployment.WaitForMasterAsync(deployment.Servers[0], Patience);
            await writers.WaitForAcknowledgedAsync(1000, Patience);
            LossReport report = await writers.CompareAsync(next);
            Assert.True(report.IsHonestButForTheMoment(killedAt, Writers), report.ToString());
            lost += report.Lost.Count;
            pauses.Add(report.LongestPause.Length.TotalMilliseconds);
            ProgressFile.Say($"killed {i}: {Summary(pauses)}, lost in the moment of the kill {lost}");
        }

        Assert.InRange(Quantile(pauses, 0.5), 0, 2600);
    }

    /// <summary>Says what happens when the leading Sentinel dies around its order, with either setting.</summary>
    [Theory]
    [Trait("Tier", "Long")]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task LeaderKilled_AtTwentyMoments(bool isMasterKilled, bool isObserved)
    {
        int times = Times(20);
        int lostInAll = 0;
        for (int i = 0; i < times; i++)
        {
            TimeSpan moment = TimeSpan.FromMilliseconds(50 + (i * 1150 / times));
            await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(
                Options(TimeSpan.FromSeconds(2)) with { FailoverTimeout = TimeSpan.FromSeconds(5) });
            await using ProxyProcess proxy = await StartProxyAsync(deployment, isObserved);
            await using CountingWriter writers = StartWriters(proxy);
            await writers.WaitForAcknowledgedAsync(2000, Patience);
            TimeSpan since = deployment.Events.Now;
            if (isMasterKilled)
            {
                await deployment.Servers[0].KillAsync();
            }
            else
            {
                await deployment.FailoverAsync();
            }

            SentinelEvent begun = await deployment.Events.WaitAsync("+try-failover", since, Patience);
            await Task.Delay(moment, TimeProvider.System);
            await begun.Sentinel.KillAsync();

            // Of a planned failover the others know nothing: they turn a promotion back after eight seconds. A lost master gets another
            // failover after twice its timeout.
            await Task.Delay(TimeSpan.FromSeconds(20), TimeProvider.System);
            RedisServer master = await deployment.WaitForMasterAsync(
                isMasterKilled ? deployment.Servers[0] : null, TimeSpan.FromMinutes(2));
            await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
            LossReport report = await writers.CompareAsync(master);
            lostInAll += report.Lost.Count > 0 ? 1 : 0;
            ProgressFile.Say(
                $"leader killed {moment.TotalMilliseconds:0} ms after +try-failover, master killed {isMasterKilled}, "
                + $"observed {isObserved}: lost {report.Lost.Count}; {report}");
            Assert.Equal(0, report.Phantom.Count + report.Duplicate.Count + report.OutOfOrder.Count);
        }

        ProgressFile.Say($"master killed {isMasterKilled}, observed {isObserved}: writes lost in {lostInAll} of {times}");
    }

    private static int Times(int usual) => int.Parse(
        Environment.GetEnvironmentVariable("REDISPROXY_TEST_FAILOVERS") ?? usual.ToString(CultureInfo.InvariantCulture),
        CultureInfo.InvariantCulture);

    private static SentinelDeploymentOptions Options(TimeSpan? downAfter = null) => new()
    {
        Timings = SentinelTimings.Default,
        DownAfter = downAfter ?? TimeSpan.FromSeconds(30),
        FailoverTimeout = TimeSpan.FromSeconds(20),
    };

    private static Task<SentinelDeployment> StartAsync(TimeSpan? downAfter = null) => SentinelDeployment.StartAsync(Options(downAfter));

    private static Task<ProxyProcess> StartProxyAsync(SentinelDeployment deployment, bool isObserved) => ProxyProcess.StartAsync(
        ProxyProcessOptions.For(deployment).With("hold.acceptPromoted", isObserved ? "observed" : "announced").With("hold.timeout", "10s"));

    private static CountingWriter StartWriters(ProxyProcess proxy) =>
        CountingWriter.Start(proxy.Port, new CountingWriterOptions { Writers = Writers, Pace = TimeSpan.FromMilliseconds(1) });

    private static async Task<LossReport> FailOverAsync(SentinelDeployment deployment, bool isObserved)
    {
        await using ProxyProcess proxy = await StartProxyAsync(deployment, isObserved);
        await using CountingWriter writers = StartWriters(proxy);
        await writers.WaitForAcknowledgedAsync(2000, Patience);
        await deployment.FailoverAsync();
        RedisServer next = await deployment.WaitForMasterAsync(deployment.Servers[0], Patience);
        await writers.WaitForAcknowledgedAsync(1000, Patience);
        return await writers.CompareAsync(next);
    }

    private static async Task<bool> IsGivenUpAsync(ProxyProcess proxy, Silence silence)
    {
        int left = silence == Silence.All ? 0 : 2;
        return (await proxy.ScrapeAsync()).Sum("redisproxy_sentinels", ("state", "connected")) == left;
    }

    private static async Task<double> RateAsync(CountingWriter writers)
    {
        (TimeSpan At, int Count) before = (writers.Now, writers.Count(WriteOutcome.Acknowledged));
        await writers.WaitForAcknowledgedAsync(1000, Patience);
        return (writers.Count(WriteOutcome.Acknowledged) - before.Count) / (writers.Now - before.At).TotalSeconds;
    }

    private static void AssertNothingLost(LossReport report)
    {
        Assert.True(report.IsHonest, report.ToString());
        Assert.Equal(0, report.ConnectionsBroken + report.OtherErrors);
    }

    private static string Summary(List<double> pauses) => string.Create(
        CultureInfo.InvariantCulture,
        $"{pauses[^1]:0} ms; p50 {Quantile(pauses, 0.5):0} ms, p99 {Quantile(pauses, 0.99):0} ms, longest {pauses.Max():0} ms");

    private static double Quantile(List<double> values, double share) =>
        values.Order().ElementAt((int)Math.Ceiling(share * values.Count) - 1);
}
