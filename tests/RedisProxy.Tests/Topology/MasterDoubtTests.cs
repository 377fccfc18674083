using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>What a doubt about the accepted master does, whatever the Sentinels report.</summary>
public class MasterDoubtTests
{
    private static readonly MasterDoubt Doubt = new("10.0.0.2:6379", "its replica 10.0.0.2:6379 has become a master");

    private readonly TrackerBench _bench = new();

    [Fact]
    public void Doubt_Healthy_HoldsAndWithholdsReplies()
    {
        _bench.BeAvailable();
        Assert.True(_bench.Tracker.BuildView().IsTrusted);
        Set(Doubt);
        Assert.Equal((1, Availability.PlannedHold), _bench.State);
        Assert.False(_bench.Tracker.BuildView().IsTrusted);
        Assert.Contains(Doubt.Reason, _bench.Tracker.BuildView().Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Doubt_Lasts_HoldsPastTheDeadline_AndLeavesNoTimerSpinning()
    {
        _bench.BeAvailable();
        Set(Doubt);
        _bench.PassTime(TimeSpan.FromMinutes(5));
        _bench.See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.PlannedHold), _bench.State);
        Assert.Null(_bench.Tracker.NextDeadline);
    }

    [Fact]
    public void Doubt_Cleared_ContinuesOnceTheProbeConfirms()
    {
        _bench.BeAvailable();
        Set(Doubt);
        Set(null);
        Assert.Equal(Availability.PlannedHold, _bench.Tracker.Phase);
        Assert.True(_bench.Tracker.BuildView().IsTrusted);
        _bench.See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.Available), _bench.State);
        FailoverRecord record = Assert.Single(_bench.Tracker.Timeline.History.Last);
        Assert.Equal((FailoverKind.FalseAlarm, false, record.New), (record.Kind, record.IsFailover, record.Old));
        Assert.InRange(record.AvailableAfter!.Value.TotalSeconds, 0, 0.1);
    }

    [Fact]
    public void Doubt_ReturnsWhileTheHoldEnds_HoldsOn()
    {
        _bench.BeAvailable();
        Set(Doubt);
        Set(null);
        Set(Doubt);
        _bench.See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.PlannedHold), _bench.State);
        Set(null);
        _bench.See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.Available), _bench.State);
    }

    [Fact]
    public void Doubt_DuringAHoldOfSentinels_KeepsItFromEnding()
    {
        _bench.BeAvailable();
        _bench.Tracker.OnPromotionBegun("s1", isOrdered: true);
        Set(Doubt);
        _bench.PassTime(TimeSpan.FromSeconds(4));
        _bench.See(ProbeVerdict.Up);
        Assert.Equal(Availability.PlannedHold, _bench.Tracker.Phase);
        _bench.Accept(TrackerBench.B);
        _bench.See(ProbeVerdict.Up);
        Assert.Equal((2, Availability.Available), _bench.State);
    }

    [Fact]
    public void Doubt_MasterDown_IsNotTakenBackWhenItAnswersAgain()
    {
        _bench.BeAvailable();
        _bench.See(ProbeVerdict.Lost);
        Assert.Equal(Availability.Down, _bench.Tracker.Phase);
        Set(Doubt);
        _bench.See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.Down), _bench.State);
        Set(null);
        Assert.Equal((1, Availability.Available), _bench.State);
    }

    [Fact]
    public void Doubt_BeforeTheMasterIsVerified_LetsNoRequestThroughMeanwhile()
    {
        _bench.BeAvailable();
        _bench.Accept(TrackerBench.B);
        Set(Doubt);
        _bench.See(ProbeVerdict.Up);
        Assert.Equal((2, Availability.PlannedHold), _bench.State);
        Assert.False(_bench.Tracker.BuildView().IsTrusted);
        Set(null);
        _bench.See(ProbeVerdict.Up);
        Assert.Equal((2, Availability.Available), _bench.State);
    }

    [Fact]
    public void Doubt_HoldingIsOff_ChangesNothing()
    {
        var bench = new TrackerBench(new HoldOptions { Planned = false });
        bench.BeAvailable();
        bench.Tracker.SetDoubt(Doubt);
        bench.Tracker.Evaluate();
        Assert.Equal((1, Availability.Available), bench.State);
        Assert.True(bench.Tracker.BuildView().IsTrusted);
    }

    [Fact]
    public void Doubt_AgainAndAgain_UsesUpTheServersBudget()
    {
        _bench.BeAvailable();
        int holds = 0;
        for (; holds < 20; holds++)
        {
            Set(Doubt);
            if (_bench.Tracker.Phase != Availability.PlannedHold)
            {
                break;
            }

            _bench.PassTime(TimeSpan.FromSeconds(3));
            Set(null);
            _bench.See(ProbeVerdict.Up);
        }

        Assert.Equal(4, holds);
        Set(null);
        Set(Doubt with { Who = "10.0.0.3:6379" });
        Assert.Equal(Availability.PlannedHold, _bench.Tracker.Phase);
    }

    private void Set(MasterDoubt? doubt)
    {
        _bench.Tracker.SetDoubt(doubt);
        _bench.Tracker.Evaluate();
    }
}
