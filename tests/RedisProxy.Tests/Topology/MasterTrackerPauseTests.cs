using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>When traffic is paused for a failover that seems to come, and when it goes on.</summary>
public class MasterTrackerPauseTests
{
    [Fact]
    public void OnPromotionBegun_Healthy_HoldsUntilTheNewMasterIsAccepted()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Tracker.OnPromotionBegun("s1", isOrdered: true);
        bench.Tracker.Evaluate();
        Assert.Equal((1, Availability.PlannedHold), bench.State);
        bench.Clock.Advance(TimeSpan.FromMilliseconds(150));
        bench.Accept(TrackerBench.B);
        Assert.Equal((2, Availability.Verifying), bench.State);
        bench.Clock.Advance(TimeSpan.FromMilliseconds(10));
        bench.See(ProbeVerdict.Up);
        FailoverRecord record = Assert.Single(bench.Tracker.Timeline.History.Last);
        Assert.Equal(FailoverKind.Planned, record.Kind);
        Assert.InRange(record.AcceptedAfter!.Value.TotalMilliseconds, 149, 151);
        Assert.InRange(record.AvailableAfter!.Value.TotalMilliseconds, 159, 161);
        Assert.Equal((TrackerBench.A.Address, TrackerBench.B.Address, 2), (record.Old, record.New, record.Epoch));
    }

    [Fact]
    public void PlannedHold_NoNewMasterInTime_EndsAfterAFreshLookWithAWarning()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Tracker.OnPromotionBegun("s1", isOrdered: true);
        bench.See(ProbeVerdict.Up);
        bench.PassTime(TimeSpan.FromSeconds(2.9));
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
        bench.PassTime(TimeSpan.FromSeconds(0.2));
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
        Assert.True(bench.Tracker.TakeWantsLook());
        bench.See(ProbeVerdict.Up, covers: 0);
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
        bench.See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.Available), bench.State);
        Assert.Contains(bench.Log.Lines, line => line is { Id: 2006, Level: LogLevel.Warning });
        FailoverRecord record = Assert.Single(bench.Tracker.Timeline.History.Last);
        Assert.Equal((FailoverKind.FalseAlarm, false, record.New), (record.Kind, record.IsFailover, record.Old));
        Assert.InRange(record.AvailableAfter!.Value.TotalSeconds, 3, 3.2);
    }

    [Fact]
    public void PlannedHold_Useless_IsRepeatedAtOnceUntilTheBudgetIsUsedUp()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        int paused = 0;
        for (; paused < 20; paused++)
        {
            bench.Tracker.OnPromotionBegun("mad", isOrdered: true);
            bench.Tracker.Evaluate();
            if (bench.Tracker.Phase != Availability.PlannedHold)
            {
                break;
            }

            bench.PassTime(TimeSpan.FromSeconds(3.1));
            bench.See(ProbeVerdict.Up);
            Assert.Equal(Availability.Available, bench.Tracker.Phase);
        }

        Assert.Equal(4, paused);
        bench.Tracker.OnPromotionBegun("s1", isOrdered: true);
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
    }

    [Fact]
    public void OnPromotionBegun_SaidDownForLongerThanAPause_HoldsAllTheSame()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Sign(TrackerBench.SaidDown);
        bench.PassTime(TimeSpan.FromSeconds(3.1));
        bench.See(ProbeVerdict.Up);
        Assert.Equal(Availability.Available, bench.Tracker.Phase);
        bench.Tracker.OnPromotionBegun("s1", isOrdered: true);
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);

        // Their word is no reason to go on: the leader may be out of reach, and it has begun.
        bench.Sign(FailureSigns.None);
        bench.See(ProbeVerdict.Up);
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
    }

    [Fact]
    public void PlannedHold_EpochMovedMeanwhile_IsRepeatedAtOnce()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Tracker.OnPromotionBegun("s1", isOrdered: true);
        bench.PassTime(TimeSpan.FromSeconds(3.1));
        bench.See(ProbeVerdict.Up);
        bench.Accept(TrackerBench.A with { Epoch = 3 });
        bench.Tracker.OnPromotionBegun("s1", isOrdered: true);
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
    }

    [Fact]
    public void PlannedHold_Aborted_EndsWhenTheFlagIsGoneAndTheProbeConfirms()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Sign(TrackerBench.FailingOver);
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
        bench.Tracker.Pause!.AbortedBy = "-failover-abort-slave-timeout";
        bench.See(ProbeVerdict.Up);
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
        bench.Sign(FailureSigns.None);
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
        bench.See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.Available), bench.State);
        Assert.DoesNotContain(bench.Log.Lines, line => line is { Id: 2006, Level: LogLevel.Warning });

        // The operator tries again.
        bench.Tracker.OnPromotionBegun("s1", isOrdered: true);
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
    }

    [Fact]
    public void PlannedHold_FlagGoneWithoutAbort_StaysUntilTheDeadline()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Sign(TrackerBench.FailingOver);
        bench.Sign(FailureSigns.None);
        bench.See(ProbeVerdict.Up);
        bench.PassTime(TimeSpan.FromSeconds(2.9));
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
    }

    [Fact]
    public void PlannedHold_MasterDies_IsDownAndTheFailoverStaysPlanned()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Tracker.OnPromotionBegun("s1", isOrdered: true);
        bench.See(ProbeVerdict.Lost);
        Assert.Equal(Availability.Down, bench.Tracker.Phase);
        bench.Accept(TrackerBench.B);
        Assert.Equal(FailoverKind.Planned, Assert.Single(bench.Tracker.Timeline.History.Last).Kind);
    }

    [Fact]
    public void PlannedHold_TurnedOff_NeverBegins()
    {
        var bench = new TrackerBench(new HoldOptions { Planned = false });
        bench.BeAvailable();
        bench.Tracker.OnPromotionBegun("s1", isOrdered: true);
        bench.Sign(TrackerBench.FailingOver);
        bench.Sign(TrackerBench.SaidDown);
        Assert.Equal(Availability.Available, bench.Tracker.Phase);
    }

    [Fact]
    public void Signs_SaidDownWhileTheProbeIsUp_PausesOnceAndThenGoesOn()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.Sign(TrackerBench.SaidDown);
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
        Assert.True(bench.Tracker.TakeWantsLook());
        bench.PassTime(TimeSpan.FromSeconds(3.1));
        bench.See(ProbeVerdict.Up);
        Assert.Equal(Availability.Available, bench.Tracker.Phase);
        for (int i = 0; i < 30; i++)
        {
            bench.PassTime(TimeSpan.FromSeconds(1));
            bench.See(ProbeVerdict.Up);
            Assert.Equal(Availability.Available, bench.Tracker.Phase);
        }

        bench.Sign(FailureSigns.None);
        bench.Sign(TrackerBench.SaidDown);
        Assert.Equal(Availability.PlannedHold, bench.Tracker.Phase);
        bench.Sign(FailureSigns.None);
        bench.See(ProbeVerdict.Up);
        Assert.Equal(Availability.Available, bench.Tracker.Phase);
    }

    [Fact]
    public void Down_AnswersAgainWhileSentinelsObject_WaitsForThemButNotForEver()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.See(ProbeVerdict.Lost);
        bench.Sign(TrackerBench.SaidDown);
        bench.See(ProbeVerdict.Up);
        Assert.Equal(Availability.Down, bench.Tracker.Phase);
        Assert.Contains("s1, s2", bench.Tracker.BuildView().Reason, StringComparison.Ordinal);
        Assert.NotNull(bench.Tracker.NextDeadline);
        bench.PassTime(TimeSpan.FromSeconds(3.1));
        Assert.Equal((1, Availability.Available), bench.State);
        Assert.Equal(1, bench.Log.CountOf(2010));
    }

    [Fact]
    public void Down_AnswersAgainAndSentinelsAgree_IsAvailableAtOnce()
    {
        var bench = new TrackerBench();
        bench.BeAvailable();
        bench.See(ProbeVerdict.Lost);
        bench.Sign(TrackerBench.SaidDown);
        bench.See(ProbeVerdict.Up);
        bench.Sign(TrackerBench.OneDoubts);
        Assert.Equal((1, Availability.Available), bench.State);
    }
}
