using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>What is concluded of an accepted master from probes, suspicions and epochs.</summary>
public class MasterTrackerTests
{
    [Fact]
    public void Accept_First_IsVerifyingUntilTheProbeConfirms()
    {
        var bench = new TrackerBench();
        Assert.Equal((0, Availability.Unknown), bench.State);
        bench.Accept(TrackerBench.A);
        Assert.Equal((1, Availability.Verifying), bench.State);
        bench.See(ProbeVerdict.NotMaster, "its role is 'slave'");
        Assert.Equal((1, Availability.Verifying), bench.State);
        Assert.Contains("its role is 'slave'", bench.Tracker.BuildView().Reason, StringComparison.Ordinal);
        bench.See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.Available), bench.State);
        Assert.Empty(bench.Tracker.BuildView().Reason);
        Assert.Empty(bench.Tracker.Timeline.History.Last);
    }

    [Fact]
    public void Accept_Another_SupersedesAtOnceAndReportsOfTheOldOneAreIgnored()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Accept(TrackerBench.B);
        Assert.Equal((2, Availability.Verifying), bench.State);
        bench.Tracker.OnProbe(new ProbeReport(1, ProbeVerdict.Up, "", 0));
        bench.Tracker.Evaluate();
        Assert.Equal((2, Availability.Verifying), bench.State);
        bench.See(ProbeVerdict.Up);
        Assert.Equal((2, Availability.Available), bench.State);
        Assert.Equal(TrackerBench.B.Address, bench.Tracker.BuildView().Master!.Address);
        Assert.Equal(2, bench.Tracker.BuildView().Epoch);
    }

    [Fact]
    public void Accept_SameAddressAtAHigherEpoch_OnlyMovesTheEpoch()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Accept(TrackerBench.A with { Epoch = 9 });
        Assert.Equal((1, Availability.Available), bench.State);
        Assert.Equal(9, bench.Tracker.BuildView().Epoch);
        Assert.True(bench.Tracker.TakeWantsLook());
    }

    [Theory]
    [InlineData(ProbeVerdict.Lost)]
    [InlineData(ProbeVerdict.NotMaster)]
    [InlineData(ProbeVerdict.NotReady)]
    public void OnProbe_FailsForSure_IsDownWithTheReason(object verdict)
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.See((ProbeVerdict)verdict, "because of this");
        Assert.Equal((1, Availability.Down), bench.State);
        Assert.Contains("because of this", bench.Tracker.BuildView().Reason, StringComparison.Ordinal);
        Assert.True(bench.Tracker.TakeWantsLook());
    }

    [Theory]
    [InlineData(ProbeVerdict.NoAnswer)]
    [InlineData(ProbeVerdict.NoConnection)]
    public void OnProbe_NoAnswer_IsDownOnlyWhenASentinelDoubtsToo(object verdict)
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.See((ProbeVerdict)verdict, "no answer within 1000 ms");
        Assert.Equal(Availability.Available, bench.Tracker.Phase);
        bench.Sign(TrackerBench.OneDoubts);
        Assert.Equal(Availability.Down, bench.Tracker.Phase);
        bench.Sign(FailureSigns.None);
        Assert.Equal(Availability.Down, bench.Tracker.Phase);
        bench.See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.Available), bench.State);
    }

    [Fact]
    public void OnProbe_NoConnectionWithoutSentinel_IsDown()
    {
        var bench = new TrackerBench(isAlone: true);
        bench.BeAvailable();
        bench.See(ProbeVerdict.NoAnswer);
        Assert.Equal(Availability.Available, bench.Tracker.Phase);
        bench.See(ProbeVerdict.NoConnection);
        Assert.Equal(Availability.Down, bench.Tracker.Phase);
    }

    [Fact]
    public void OnProbe_UpAgainAfterDown_SameGenerationAndARestartIsRecorded()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Clock.Advance(TimeSpan.FromSeconds(5));
        bench.See(ProbeVerdict.Lost);
        bench.Clock.Advance(TimeSpan.FromSeconds(2));
        bench.See(ProbeVerdict.NotReady, "LOADING");
        bench.See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.Available), bench.State);
        FailoverRecord record = Assert.Single(bench.Tracker.Timeline.History.Last);
        Assert.Equal(FailoverKind.Restart, record.Kind);
        Assert.InRange(record.AvailableAfter!.Value.TotalSeconds, 1.99, 2.01);
        Assert.Null(record.AcceptedAfter);
        Assert.Equal(1, bench.Tracker.Timeline.History.CountOf(FailoverKind.Restart));
    }

    [Fact]
    public void CoversSuspicion_LookBeganAfterIt_IsPublishedAndOnlyThen()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        long suspicion = bench.Tracker.Suspicions.Raise();
        bench.Tracker.OnSuspicion();
        bench.See(ProbeVerdict.Up, covers: suspicion - 1);
        Assert.Equal(suspicion - 1, bench.Tracker.BuildView().CoversSuspicion);
        bench.See(ProbeVerdict.NoAnswer, covers: suspicion);
        Assert.Equal(suspicion - 1, bench.Tracker.BuildView().CoversSuspicion);
        bench.See(ProbeVerdict.Up, covers: suspicion);
        Assert.Equal(suspicion, bench.Tracker.BuildView().CoversSuspicion);
        Assert.Equal(Availability.Available, bench.Tracker.Phase);
    }

    [Fact]
    public void Failover_AfterDown_IsUnplannedAndTimedFromTheFirstSign()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Tracker.Suspicions.Raise();
        bench.Tracker.OnSuspicion();
        bench.Clock.Advance(TimeSpan.FromMilliseconds(20));
        bench.See(ProbeVerdict.Lost);
        bench.Clock.Advance(TimeSpan.FromSeconds(6));
        bench.Accept(TrackerBench.B, "s3");
        FailoverRecord record = Assert.Single(bench.Tracker.Timeline.History.Last);
        Assert.Equal((FailoverKind.Unplanned, "s3"), (record.Kind, record.Who));
        Assert.InRange(record.AcceptedAfter!.Value.TotalSeconds, 6.01, 6.03);
        Assert.Null(record.AvailableAfter);
        bench.See(ProbeVerdict.Up);
        Assert.NotNull(bench.Tracker.Timeline.History.Last[0].AvailableAfter);
    }

    [Fact]
    public void Failovers_Many_KeepsTheLastTwentyAndCountsAll()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        for (int i = 0; i < 24; i++)
        {
            bench.Accept(TrackerBench.Candidate(i % 2 == 0 ? 2 : 1, epoch: i + 2));
            bench.See(ProbeVerdict.Up);
        }

        Assert.Equal(FailoverHistory.MaxRecords, bench.Tracker.Timeline.History.Last.Count);
        Assert.Equal(24, bench.Tracker.Timeline.History.CountOf(FailoverKind.Planned));
        Assert.Equal(24, bench.Tracker.Timeline.History.Last[^1].Number);
        Assert.All(bench.Tracker.Timeline.History.Last, record => Assert.NotNull(record.AvailableAfter));
    }

    [Fact]
    public void FailoverOnDemand_IsOneFromItsBeginning_ThoughTheMasterLooksWellUntilThen()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Tracker.Timeline.OnDemand(isUnderWay: true);
        bench.PassTime(TimeSpan.FromSeconds(0.5));
        bench.See(ProbeVerdict.Up);
        bench.Accept(TrackerBench.B);
        bench.See(ProbeVerdict.Up);
        bench.Tracker.Timeline.OnDemand(isUnderWay: false);
        bench.Accept(TrackerBench.Candidate(1, epoch: 5));
        FailoverRecord[] records = [.. bench.Tracker.Timeline.History.Last];
        Assert.Equal([FailoverKind.OnDemand, FailoverKind.Planned], records.Select(record => record.Kind));
        Assert.InRange(records[0].AcceptedAfter!.Value.TotalSeconds, 0.49, 0.6);
        Assert.InRange(records[1].AcceptedAfter!.Value.TotalSeconds, 0, 0.1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void FailoverOnDemand_ThatIsAborted_LeavesTheCrashThatCameMeanwhile(bool comesBack)
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Tracker.Timeline.OnDemand(isUnderWay: true);
        bench.PassTime(TimeSpan.FromSeconds(3));
        bench.See(ProbeVerdict.Lost);
        DateTimeOffset lostAt = bench.Clock.GetUtcNow();
        bench.PassTime(TimeSpan.FromSeconds(1));
        bench.Tracker.Timeline.OnDemand(isUnderWay: false);
        bench.PassTime(TimeSpan.FromSeconds(5));
        if (!comesBack)
        {
            bench.Accept(TrackerBench.B);
        }

        bench.See(ProbeVerdict.Up);
        FailoverRecord record = Assert.Single(bench.Tracker.Timeline.History.Last);
        Assert.Equal((comesBack ? FailoverKind.Restart : FailoverKind.Unplanned, lostAt), (record.Kind, record.FirstSignAt));
        Assert.InRange(record.AvailableAfter!.Value.TotalSeconds, 5.9, 6.1);
    }

    [Fact]
    public void FailoverOnDemand_ThatIsAborted_LeavesNoSignBehindWhereNothingElseHappened()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Tracker.Timeline.OnDemand(isUnderWay: true);
        bench.PassTime(TimeSpan.FromSeconds(3));
        bench.Tracker.Timeline.OnDemand(isUnderWay: false);
        bench.PassTime(TimeSpan.FromSeconds(5));
        bench.Accept(TrackerBench.B);
        FailoverRecord record = Assert.Single(bench.Tracker.Timeline.History.Last);
        Assert.Equal((FailoverKind.Planned, TimeSpan.Zero), (record.Kind, record.AcceptedAfter!.Value));
    }

    [Fact]
    public void FailoverOnDemand_GivenUpBeforeItsMasterServes_IsTimedToTheEnd()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Tracker.Timeline.OnDemand(isUnderWay: true);
        bench.PassTime(TimeSpan.FromSeconds(2));
        bench.Accept(TrackerBench.B);
        bench.Tracker.Timeline.OnDemand(isUnderWay: false);
        bench.PassTime(TimeSpan.FromSeconds(2));
        bench.See(ProbeVerdict.Up);
        FailoverRecord record = Assert.Single(bench.Tracker.Timeline.History.Last);
        Assert.Equal(FailoverKind.OnDemand, record.Kind);
        Assert.InRange(record.AvailableAfter!.Value.TotalSeconds, 3.9, 4.1);
    }
}
