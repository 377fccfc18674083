using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>Sentinels in another region: their answers take longer than a lease can wait.</summary>
public sealed class FarSentinelTests(ITestOutputHelper output)
{
    // When each of their answers was waited for, there were 11 in a second, 33 in all. A busy machine has some of its own.
    private const int MaxLapses = 12;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData(1, 20)]
    [InlineData(1, 45)]
    [InlineData(3, 45)]
    [InlineData(3, 200)]
    public async Task FarAway_TrafficIsNotStoppedForThem(int sentinels, int oneWayMs)
    {
        // News that takes longer than Sentinel leaves between the choice of a replica and its promotion comes too late to lose nothing.
        bool isInTime = oneWayMs < 100;
        IReadOnlyList<(double Lapses, LossReport Report)> results = await Attempts.UntilInTimeAsync(
            () => FailOverAsync(sentinels, oneWayMs), result => result.Lapses <= MaxLapses && (result.Report.IsHonest || !isInTime));
        Assert.InRange(results[^1].Lapses, 0, MaxLapses);
        Assert.True(results[^1].Report.IsHonest || !isInTime, results[^1].Report.ToString());
    }

    private async Task<(double Lapses, LossReport Report)> FailOverAsync(int sentinels, int oneWayMs)
    {
        await using RelayedDeployment relayed = await RelayedDeployment.StartAsync();
        SentinelDeployment deployment = relayed.Deployment;
        foreach (SentinelServer sentinel in deployment.Sentinels.Take(sentinels))
        {
            relayed.Of(sentinel).Apply(new RelayConditions { Latency = TimeSpan.FromMilliseconds(oneWayMs) });
        }

        await using ProxyProcess proxy = await ProxyProcess.StartAsync(relayed.ProxyOptions);
        await Eventually.Within(
            Patience,
            () => proxy.Process.LogTail.Split("its fastest answers take").Length > sentinels,
            "the log names those that are too far away");
        await using CountingWriter writers = CountingWriter.Start(
            proxy.Port, new CountingWriterOptions { Writers = 4, ReplyWithin = Patience });
        await writers.WaitForAcknowledgedAsync(200, Patience);
        double before = (await proxy.ScrapeAsync()).Sum("redisproxy_lease_lapses_total");
        await Task.Delay(Watched, TimeProvider.System); // The time that is looked at.
        double lapses = (await proxy.ScrapeAsync()).Sum("redisproxy_lease_lapses_total") - before;
        await deployment.FailoverAsync();
        RedisServer master = await deployment.WaitForMasterAsync(deployment.Servers[0], Patience);
        await writers.WaitForAcknowledgedAsync(200, Patience);
        await deployment.WaitUntilHealthyAsync(Patience);
        LossReport report = await writers.CompareAsync(master);
        output.WriteLine($"{lapses} lapses in {Watched.TotalSeconds} s; {report}");

        Assert.Equal(0, report.NotExecuted + report.Broken + report.OtherErrors);
        return (lapses, report);
    }
}
