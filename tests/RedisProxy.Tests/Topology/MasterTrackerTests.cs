using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

public class MasterTrackerTests
{
    private static readonly MasterCandidate A = Candidate(1, epoch: 1);
    private static readonly MasterCandidate B = Candidate(2, epoch: 2);
    private static readonly SentinelSigns OneDoubts = new(IsDoubted: true, IsSaidDown: false, IsFailingOver: false, "s1");
    private static readonly SentinelSigns SaidDown = new(IsDoubted: true, IsSaidDown: true, IsFailingOver: false, "s1, s2");
    private static readonly SentinelSigns FailingOver = new(IsDoubted: false, IsSaidDown: false, IsFailingOver: true, "s1");

    private readonly FakeTimeProvider _clock = new();
    private readonly RecordingLog _log = new();
    private MasterTracker _tracker;

    public MasterTrackerTests() => _tracker = Make(new HoldOptions());

    [Fact]
    public void Accept_First_IsVerifyingUntilTheProbeConfirms()
    {
        Assert.Equal((0, Availability.Unknown), State);
        Accept(A);
        Assert.Equal((1, Availability.Verifying), State);
        See(ProbeVerdict.NotMaster, "its role is 'slave'");
        Assert.Equal((1, Availability.Verifying), State);
        Assert.Contains("its role is 'slave'", _tracker.BuildView().Reason, StringComparison.Ordinal);
        See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.Available), State);
        Assert.Empty(_tracker.BuildView().Reason);
        Assert.Empty(_tracker.Failovers.Last);
    }

    [Fact]
    public void Accept_Another_SupersedesAtOnceAndReportsOfTheOldOneAreIgnored()
    {
        BeAvailable();
        Accept(B);
        Assert.Equal((2, Availability.Verifying), State);
        _tracker.OnProbe(new ProbeReport(1, ProbeVerdict.Up, "", 0));
        _tracker.Evaluate();
        Assert.Equal((2, Availability.Verifying), State);
        See(ProbeVerdict.Up);
        Assert.Equal((2, Availability.Available), State);
        Assert.Equal(B.Address, _tracker.BuildView().Master!.Address);
        Assert.Equal(2, _tracker.BuildView().Epoch);
    }

    [Fact]
    public void Accept_SameAddressAtAHigherEpoch_OnlyMovesTheEpoch()
    {
        BeAvailable();
        Accept(A with { Epoch = 9 });
        Assert.Equal((1, Availability.Available), State);
        Assert.Equal(9, _tracker.BuildView().Epoch);
        Assert.True(_tracker.TakeWantsLook());
    }

    [Theory]
    [InlineData(ProbeVerdict.Lost)]
    [InlineData(ProbeVerdict.NotMaster)]
    [InlineData(ProbeVerdict.NotReady)]
    public void OnProbe_FailsForSure_IsDownWithTheReason(object verdict)
    {
        BeAvailable();
        See((ProbeVerdict)verdict, "because of this");
        Assert.Equal((1, Availability.Down), State);
        Assert.Contains("because of this", _tracker.BuildView().Reason, StringComparison.Ordinal);
        Assert.True(_tracker.TakeWantsLook());
    }

    [Theory]
    [InlineData(ProbeVerdict.NoAnswer)]
    [InlineData(ProbeVerdict.NoConnection)]
    public void OnProbe_NoAnswer_IsDownOnlyWhenASentinelDoubtsToo(object verdict)
    {
        BeAvailable();
        See((ProbeVerdict)verdict, "no answer within 1000 ms");
        Assert.Equal(Availability.Available, _tracker.Phase);
        Sign(OneDoubts);
        Assert.Equal(Availability.Down, _tracker.Phase);
        Sign(SentinelSigns.None);
        Assert.Equal(Availability.Down, _tracker.Phase);
        See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.Available), State);
    }

    [Fact]
    public void OnProbe_NoConnectionWithoutSentinel_IsDown()
    {
        _tracker = new MasterTracker("m", new HoldOptions(), isAlone: true, _clock, _log);
        BeAvailable();
        See(ProbeVerdict.NoAnswer);
        Assert.Equal(Availability.Available, _tracker.Phase);
        See(ProbeVerdict.NoConnection);
        Assert.Equal(Availability.Down, _tracker.Phase);
    }

    [Fact]
    public void OnProbe_UpAgainAfterDown_SameGenerationAndARestartIsRecorded()
    {
        BeAvailable();
        _clock.Advance(TimeSpan.FromSeconds(5));
        See(ProbeVerdict.Lost);
        _clock.Advance(TimeSpan.FromSeconds(2));
        See(ProbeVerdict.NotReady, "LOADING");
        See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.Available), State);
        FailoverRecord record = Assert.Single(_tracker.Failovers.Last);
        Assert.Equal(FailoverKind.Restart, record.Kind);
        Assert.InRange(record.AvailableAfter!.Value.TotalSeconds, 1.99, 2.01);
        Assert.Null(record.AcceptedAfter);
        Assert.Equal(1, _tracker.Failovers.CountOf(FailoverKind.Restart));
    }

    [Fact]
    public void CoversSuspicion_LookBeganAfterIt_IsPublishedAndOnlyThen()
    {
        BeAvailable();
        long suspicion = _tracker.Suspicions.Raise();
        _tracker.OnSuspicion();
        See(ProbeVerdict.Up, covers: suspicion - 1);
        Assert.Equal(suspicion - 1, _tracker.BuildView().CoversSuspicion);
        See(ProbeVerdict.NoAnswer, covers: suspicion);
        Assert.Equal(suspicion - 1, _tracker.BuildView().CoversSuspicion);
        See(ProbeVerdict.Up, covers: suspicion);
        Assert.Equal(suspicion, _tracker.BuildView().CoversSuspicion);
        Assert.Equal(Availability.Available, _tracker.Phase);
    }

    [Fact]
    public void OnPromotionBegun_Healthy_HoldsUntilTheNewMasterIsAccepted()
    {
        BeAvailable();
        _tracker.OnPromotionBegun("s1");
        _tracker.Evaluate();
        Assert.Equal((1, Availability.PlannedHold), State);
        _clock.Advance(TimeSpan.FromMilliseconds(150));
        Accept(B);
        Assert.Equal((2, Availability.Verifying), State);
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        See(ProbeVerdict.Up);
        FailoverRecord record = Assert.Single(_tracker.Failovers.Last);
        Assert.Equal(FailoverKind.Planned, record.Kind);
        Assert.InRange(record.AcceptedAfter!.Value.TotalMilliseconds, 149, 151);
        Assert.InRange(record.AvailableAfter!.Value.TotalMilliseconds, 159, 161);
        Assert.Equal((A.Address, B.Address, 2), (record.Old, record.New, record.Epoch));
    }

    [Fact]
    public void PlannedHold_NoNewMasterInTime_EndsAfterAFreshLookWithAWarning()
    {
        BeAvailable();
        _tracker.OnPromotionBegun("s1");
        See(ProbeVerdict.Up);
        PassTime(TimeSpan.FromSeconds(2.9));
        Assert.Equal(Availability.PlannedHold, _tracker.Phase);
        PassTime(TimeSpan.FromSeconds(0.2));
        Assert.Equal(Availability.PlannedHold, _tracker.Phase);
        Assert.True(_tracker.TakeWantsLook());
        See(ProbeVerdict.Up, covers: 0);
        Assert.Equal(Availability.PlannedHold, _tracker.Phase);
        See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.Available), State);
        Assert.Contains(_log.Lines, line => line is { Id: 2006, Level: Microsoft.Extensions.Logging.LogLevel.Warning });
        Assert.Empty(_tracker.Failovers.Last);
    }

    [Fact]
    public void PlannedHold_Useless_IsNotRepeatedForTenSeconds()
    {
        BeAvailable();
        for (int i = 0; i < 20; i++)
        {
            _tracker.OnPromotionBegun("mad");
            _tracker.Evaluate();
            if (i == 0)
            {
                Assert.Equal(Availability.PlannedHold, _tracker.Phase);
                PassTime(TimeSpan.FromSeconds(3.1));
                See(ProbeVerdict.Up);
            }

            Assert.Equal(Availability.Available, _tracker.Phase);
            PassTime(TimeSpan.FromMilliseconds(490));
        }

        PassTime(TimeSpan.FromSeconds(1));
        _tracker.OnPromotionBegun("s1");
        Assert.Equal(Availability.PlannedHold, _tracker.Phase);
    }

    [Fact]
    public void PlannedHold_EpochMovedMeanwhile_IsRepeatedAtOnce()
    {
        BeAvailable();
        _tracker.OnPromotionBegun("s1");
        PassTime(TimeSpan.FromSeconds(3.1));
        See(ProbeVerdict.Up);
        Accept(A with { Epoch = 3 });
        _tracker.OnPromotionBegun("s1");
        Assert.Equal(Availability.PlannedHold, _tracker.Phase);
    }

    [Fact]
    public void PlannedHold_Aborted_EndsWhenTheFlagIsGoneAndTheProbeConfirms()
    {
        BeAvailable();
        Sign(FailingOver);
        Assert.Equal(Availability.PlannedHold, _tracker.Phase);
        _tracker.OnFailoverAborted("-failover-abort-slave-timeout");
        See(ProbeVerdict.Up);
        Assert.Equal(Availability.PlannedHold, _tracker.Phase);
        Sign(SentinelSigns.None);
        Assert.Equal(Availability.PlannedHold, _tracker.Phase);
        See(ProbeVerdict.Up);
        Assert.Equal((1, Availability.Available), State);
        Assert.DoesNotContain(_log.Lines, line => line is { Id: 2006, Level: Microsoft.Extensions.Logging.LogLevel.Warning });
    }

    [Fact]
    public void PlannedHold_FlagGoneWithoutAbort_StaysUntilTheDeadline()
    {
        BeAvailable();
        Sign(FailingOver);
        Sign(SentinelSigns.None);
        See(ProbeVerdict.Up);
        PassTime(TimeSpan.FromSeconds(2.9));
        Assert.Equal(Availability.PlannedHold, _tracker.Phase);
    }

    [Fact]
    public void PlannedHold_MasterDies_IsDownAndTheFailoverStaysPlanned()
    {
        BeAvailable();
        _tracker.OnPromotionBegun("s1");
        See(ProbeVerdict.Lost);
        Assert.Equal(Availability.Down, _tracker.Phase);
        Accept(B);
        Assert.Equal(FailoverKind.Planned, Assert.Single(_tracker.Failovers.Last).Kind);
    }

    [Fact]
    public void PlannedHold_TurnedOff_NeverBegins()
    {
        _tracker = Make(new HoldOptions { Planned = false });
        BeAvailable();
        _tracker.OnPromotionBegun("s1");
        Sign(FailingOver);
        Sign(SaidDown);
        Assert.Equal(Availability.Available, _tracker.Phase);
    }

    [Fact]
    public void Signs_SaidDownWhileTheProbeIsUp_PausesOnceAndThenGoesOn()
    {
        BeAvailable();
        Sign(SaidDown);
        Assert.Equal(Availability.PlannedHold, _tracker.Phase);
        Assert.True(_tracker.TakeWantsLook());
        PassTime(TimeSpan.FromSeconds(3.1));
        See(ProbeVerdict.Up);
        Assert.Equal(Availability.Available, _tracker.Phase);
        for (int i = 0; i < 30; i++)
        {
            PassTime(TimeSpan.FromSeconds(1));
            See(ProbeVerdict.Up);
            Assert.Equal(Availability.Available, _tracker.Phase);
        }

        Sign(SentinelSigns.None);
        Sign(SaidDown);
        Assert.Equal(Availability.PlannedHold, _tracker.Phase);
        Sign(SentinelSigns.None);
        See(ProbeVerdict.Up);
        Assert.Equal(Availability.Available, _tracker.Phase);
    }

    [Fact]
    public void Down_AnswersAgainWhileSentinelsObject_WaitsForThemButNotForEver()
    {
        BeAvailable();
        See(ProbeVerdict.Lost);
        Sign(SaidDown);
        See(ProbeVerdict.Up);
        Assert.Equal(Availability.Down, _tracker.Phase);
        Assert.Contains("s1, s2", _tracker.BuildView().Reason, StringComparison.Ordinal);
        Assert.NotNull(_tracker.NextDeadline);
        PassTime(TimeSpan.FromSeconds(3.1));
        Assert.Equal((1, Availability.Available), State);
        Assert.Equal(1, _log.CountOf(2010));
    }

    [Fact]
    public void Down_AnswersAgainAndSentinelsAgree_IsAvailableAtOnce()
    {
        BeAvailable();
        See(ProbeVerdict.Lost);
        Sign(SaidDown);
        See(ProbeVerdict.Up);
        Sign(OneDoubts);
        Assert.Equal((1, Availability.Available), State);
    }

    [Fact]
    public void Failover_AfterDown_IsUnplannedAndTimedFromTheFirstSign()
    {
        BeAvailable();
        _tracker.Suspicions.Raise();
        _tracker.OnSuspicion();
        _clock.Advance(TimeSpan.FromMilliseconds(20));
        See(ProbeVerdict.Lost);
        _clock.Advance(TimeSpan.FromSeconds(6));
        Accept(B, "s3");
        FailoverRecord record = Assert.Single(_tracker.Failovers.Last);
        Assert.Equal((FailoverKind.Unplanned, "s3"), (record.Kind, record.Who));
        Assert.InRange(record.AcceptedAfter!.Value.TotalSeconds, 6.01, 6.03);
        Assert.Null(record.AvailableAfter);
        See(ProbeVerdict.Up);
        Assert.NotNull(_tracker.Failovers.Last[0].AvailableAfter);
    }

    [Fact]
    public void Failovers_Many_KeepsTheLastSixteenAndCountsAll()
    {
        BeAvailable();
        for (int i = 0; i < 20; i++)
        {
            Accept(Candidate(i % 2 == 0 ? 2 : 1, epoch: i + 2));
            See(ProbeVerdict.Up);
        }

        Assert.Equal(FailoverHistory.MaxRecords, _tracker.Failovers.Last.Count);
        Assert.Equal(20, _tracker.Failovers.CountOf(FailoverKind.Planned));
        Assert.Equal(20, _tracker.Failovers.Last[^1].Number);
        Assert.All(_tracker.Failovers.Last, record => Assert.NotNull(record.AvailableAfter));
    }

    private (long Generation, Availability Availability) State => (_tracker.BuildView().Generation, _tracker.BuildView().Availability);

    private static MasterCandidate Candidate(int number, long epoch)
    {
        var address = new IPEndPoint(IPAddress.Parse($"10.0.0.{number}"), 6379);
        return new MasterCandidate(new HostEndpoint(address.Address.ToString(), address.Port), address, epoch);
    }

    private MasterTracker Make(HoldOptions hold) => new("m", hold, isAlone: false, _clock, _log);

    private void Accept(MasterCandidate candidate, string who = "s1")
    {
        _tracker.Accept(candidate, who, "because");
        _tracker.Evaluate();
    }

    private void BeAvailable()
    {
        Accept(A);
        See(ProbeVerdict.Up);
        _tracker.TakeWantsLook();
        Assert.Equal((1, Availability.Available), State);
    }

    private void See(ProbeVerdict verdict, string detail = "", long? covers = null)
    {
        _tracker.OnProbe(new ProbeReport(_tracker.Generation, verdict, detail, covers ?? _tracker.Suspicions.Newest));
        _tracker.Evaluate();
    }

    private void Sign(SentinelSigns signs)
    {
        _tracker.SetSigns(signs);
        _tracker.Evaluate();
    }

    private void PassTime(TimeSpan time)
    {
        _clock.Advance(time);
        _tracker.Evaluate();
    }
}
