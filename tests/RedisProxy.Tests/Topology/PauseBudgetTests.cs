using Microsoft.Extensions.Logging;

using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>A Sentinel that begins failovers and gives them up, again and again.</summary>
public class PauseBudgetTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Theory]
    [InlineData(50)]
    [InlineData(900)]
    [InlineData(2900)]
    public void FailoversGivenUpWithoutEnd_StopTheTrafficForLittleOfTheTime(int lengthMs)
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        TimeSpan paused = TimeSpan.Zero;
        for (TimeSpan passed = TimeSpan.Zero; passed < Hour;)
        {
            TimeSpan length = TimeSpan.FromMilliseconds(lengthMs);
            if (GiveUpOne(bench, "mad", length))
            {
                paused += length;
            }

            passed += length;
        }

        Assert.InRange(paused / Hour, 0.01, 0.21);
    }

    [Fact]
    public void BudgetUsedUp_IsSaidOnceAndRefillsWithinAMinute()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        int paused = 0;
        while (GiveUpOne(bench, "mad", TimeSpan.FromSeconds(1)))
        {
            paused++;
        }

        Assert.InRange(paused, 10, 13);
        (LogLevel level, _, string text) = Assert.Single(bench.Log.Lines, line => line.Id == 2011);
        Assert.Equal(LogLevel.Warning, level);
        Assert.Contains("mad", text, StringComparison.Ordinal);
        bench.PassTime(TimeSpan.FromSeconds(57));
        Assert.False(GiveUpOne(bench, "mad", TimeSpan.Zero));
        bench.PassTime(TimeSpan.FromSeconds(3));
        Assert.True(GiveUpOne(bench, "mad", TimeSpan.Zero));
    }

    [Fact]
    public void BudgetUsedUp_AnotherSentinelIsHeeded()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        while (GiveUpOne(bench, "mad", TimeSpan.FromSeconds(1)))
        {
        }

        bench.Sign(TrackerBench.FailingOver with { Who = "mad" });
        Assert.Equal(Availability.Available, bench.Tracker.Phase);
        bench.Sign(FailureSigns.None);
        bench.Tracker.OnPromotionBegun("s2", isOrdered: true);
        bench.Tracker.Evaluate();
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
        bench.Accept(TrackerBench.B);
        Assert.Equal((2, Availability.Verifying), bench.State);
    }

    [Fact]
    public void FailoverThatComes_CostsNothing()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        for (int epoch = 3; epoch < 40; epoch++)
        {
            bench.Tracker.OnPromotionBegun("s1", isOrdered: true);
            bench.Tracker.Evaluate();
            Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
            bench.PassTime(TimeSpan.FromSeconds(2));
            bench.Accept(TrackerBench.Candidate(1 + (epoch % 2), epoch));
            bench.See(ProbeVerdict.Up);
        }
    }

    /// <returns>False: traffic went on.</returns>
    private static bool GiveUpOne(TrackerBench bench, string who, TimeSpan length)
    {
        bench.Tracker.OnPromotionBegun(who, isOrdered: true);
        bench.Tracker.Evaluate();
        bool isPaused = bench.Tracker.Phase == Availability.PlannedHold;
        bench.PassTime(length);
        bench.Tracker.Pause?.AbortedBy = "-failover-abort-slave-timeout";
        bench.Tracker.Evaluate();
        bench.See(ProbeVerdict.Up);
        Assert.Equal(Availability.Available, bench.Tracker.Phase);
        return isPaused;
    }
}
