using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Notify;
using RedisProxy.Topology;

using static RedisProxy.Tests.Notify.FakeSource;

namespace RedisProxy.Tests.Notify;

/// <summary>What is made of an outage: one message at its end, and at most one before.</summary>
public sealed class MasterWatchTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _clock = new();
    private readonly FakeSource _source = new();
    private readonly List<Notification> _told = [];
    private readonly MasterWatch _watch;

    public MasterWatchTests()
    {
        _watch = new MasterWatch(_source, new NotificationIds(), _clock, _told.Add);
        _source.Subscribe(_watch);
    }

    [Fact]
    public void PlannedFailover_IsOneMessageWithItsTimeline()
    {
        Serve();
        DateTimeOffset firstSign = _clock.GetUtcNow();
        _source.Show(Availability.PlannedHold, reason: "Sentinel s1 has begun a planned failover");
        Assert.Equal((NotifyEvent.FailoverStarted, 0), (Ongoing()!.Event, _told.Count));
        _clock.Advance(Second);
        _source.Failovers.Add(Record(FailoverKind.Planned, A, B, firstSign));
        _source.Show(Availability.Verifying, B);
        _source.Failovers.Complete(1.25 * Second);
        _source.Show(Availability.Available);

        Notification told = Assert.Single(_told);
        Assert.Equal((NotifyEvent.FailoverFinished, "m", Announced(B)), (told.Event, told.Master, told.Address));
        Assert.Equal((Announced(A), Announced(B)), (told.Failover!.Old, told.Failover.New));
        Assert.Equal((1, firstSign, 1.25 * Second), (
            told.Failover.Record.Number, told.Failover.Record.FirstSignAt, told.Failover.Record.AvailableAfter!.Value));
        Assert.Equal(
            "Planned failover of 'm' from redis-1:6379 to redis-2:6379: the new master takes requests, 1.250 s after the first sign "
                + "(accepted after 0.900 s, epoch 7)",
            told.Text);
        Assert.Null(Ongoing());
        Assert.True(_watch.IsCalm);
        AssertNothingMore();
    }

    [Fact]
    public void UnplannedFailover_IsMasterDownWhileItLastsAndThenAFailover()
    {
        Serve();
        DateTimeOffset firstSign = _clock.GetUtcNow();
        _source.Show(Availability.Down, reason: "10.0.0.1:6379: connection refused");
        _clock.Advance(6 * Second);
        Ongoing down = Ongoing()!;
        Assert.Equal((NotifyEvent.MasterDown, 6), (down.Event, Math.Round(down.Lasted.TotalSeconds)));
        Assert.Equal("The master of 'm' has been down for 6.000 s: 10.0.0.1:6379: connection refused", down.Tell().Text);
        _source.Sentinels = [Opinion(1, flags: "master,s_down,o_down,failover_in_progress"), Opinion(2)];
        _source.Show(Availability.Down, reason: "10.0.0.1:6379: connection refused");
        Assert.Equal((NotifyEvent.FailoverStarted, down.Id), (Ongoing()!.Event, Ongoing()!.Id));

        _source.Failovers.Add(Record(FailoverKind.Unplanned, A, B, firstSign));
        _source.Show(Availability.Verifying, B);
        _source.Failovers.Complete(7 * Second);
        _source.Show(Availability.Available);
        Assert.Equal((NotifyEvent.FailoverFinished, FailoverKind.Unplanned), (
            Assert.Single(_told).Event, _told[0].Failover!.Record.Kind));
        Assert.Equal((firstSign, "10.0.0.1:6379: connection refused"), (_told[0].Outage!.Since, _told[0].Outage!.Reason));
    }

    [Fact]
    public void SeveralMastersInOneOutage_AreOneFailoverFromTheFirstToTheLast()
    {
        Serve();
        DateTimeOffset firstSign = _clock.GetUtcNow();
        _source.Show(Availability.Down);
        _source.Failovers.Add(Record(FailoverKind.Unplanned, A, B, firstSign));
        _source.Show(Availability.Verifying, B);
        _source.Failovers.Add(Record(FailoverKind.Unplanned, B, C, firstSign));
        _source.Show(Availability.Verifying, C);
        _source.Failovers.Complete(9 * Second);
        _source.Show(Availability.Available);
        Notification told = Assert.Single(_told);
        Assert.Equal((Announced(A), Announced(C), 2), (told.Failover!.Old, told.Failover.New, told.Failover.Record.Number));
        AssertNothingMore();
    }

    [Fact]
    public void Restart_IsTheMasterComingBack()
    {
        Serve();
        _source.Show(Availability.Down);
        _source.Failovers.Add(Record(FailoverKind.Restart, A, A, _clock.GetUtcNow(), 0.4 * Second));
        _source.Show(Availability.Available);
        Notification told = Assert.Single(_told);
        Assert.Equal(
            (NotifyEvent.MasterUp, "The master of 'm', redis-1:6379, is back at the same address, 0.400 s after the first sign of trouble"),
            (told.Event, told.Text));
        AssertNothingMore();
    }

    [Fact]
    public void Hold_ThatComesToNothing_IsAborted()
    {
        Serve();
        _source.Show(Availability.PlannedHold, reason: "Sentinel s1 has begun a planned failover");
        _clock.Advance(0.02 * Second);
        _source.Show(Availability.Available);
        Assert.Empty(_told);
        Assert.Null(Ongoing());
        Notification told = Assert.Single(_told);
        Assert.Equal(NotifyEvent.FailoverAborted, told.Event);
        Assert.Equal(
            "A failover of 'm' was aborted: redis-1:6379 takes requests again after 0.020 s. "
                + "It began with: Sentinel s1 has begun a planned failover",
            told.Text);
        AssertNothingMore();
    }

    [Fact]
    public void Hold_ThatWasLetGoBeforeTheNewMaster_IsOneFailover()
    {
        Serve();
        _source.Sentinels = [Opinion(1, flags: "master,failover_in_progress")];
        _source.Show(Availability.PlannedHold);
        _clock.Advance(3 * Second);
        _source.Show(Availability.Available);
        _clock.Advance(3 * Second);
        Assert.Null(Ongoing());
        Assert.Empty(_told);
        _source.Failovers.Add(Record(FailoverKind.Planned, A, B, _clock.GetUtcNow()));
        _source.Show(Availability.Verifying, B);
        _source.Failovers.Complete(Second);
        _source.Show(Availability.Available);
        Assert.Equal(NotifyEvent.FailoverFinished, Assert.Single(_told).Event);
        AssertNothingMore();
    }

    [Fact]
    public void Hold_WhileSentinelsGoOnAboutIt_IsAbortedAfterAWhile()
    {
        Serve();
        _source.Sentinels = [Opinion(1, flags: "master,s_down")];
        _source.Show(Availability.PlannedHold);
        _source.Show(Availability.Available);
        _clock.Advance(MasterWatch.AbortPatience - Second);
        Assert.Null(Ongoing());
        Assert.Empty(_told);
        _clock.Advance(2 * Second);
        Assert.Null(Ongoing());
        Assert.Equal(NotifyEvent.FailoverAborted, Assert.Single(_told).Event);
    }

    [Fact]
    public void Start_IsNoOutage()
    {
        _source.Show(Availability.Verifying, A);
        Assert.Null(Ongoing());
        _source.Show(Availability.Available);
        Assert.Empty(_told);
        _source.Show(Availability.ReadsOnly);
        Assert.Null(Ongoing());
        AssertNothingMore();
    }

    [Fact]
    public void FailoverThatIsCounted_IsToldWithItsCost_AndWithoutIfThatNeverComes()
    {
        _source.Failovers.IsCounted = true;
        Serve();
        MoveTo(B);
        Assert.Null(Ongoing());
        Assert.Empty(_told);
        var cost = new FailoverCost(0, "", 0.9, 0.9, 1, 1, 0, RequestCost.None with { Held = 7 }, new Dictionary<string, RequestCost>());
        _source.Failovers.Settle(static _ => true, _ => cost);
        Assert.Null(Ongoing());
        Assert.Equal(cost, Assert.Single(_told).Failover!.Record.Cost);

        MoveTo(A);
        _clock.Advance(MasterWatch.CostPatience - Second);
        Assert.Null(Ongoing());
        Assert.Single(_told);
        _clock.Advance(2 * Second);
        Assert.Null(Ongoing());
        Assert.Equal((2, null), (_told.Count, _told[^1].Failover!.Record.Cost));

        MoveTo(B);
        _watch.Finish();
        Assert.Equal(3, _told.Count);
        AssertNothingMore();
    }

    private void MoveTo(IPEndPoint master)
    {
        _source.Failovers.Add(Record(FailoverKind.Planned, _source.Current.Master!.Address, master, _clock.GetUtcNow()));
        _source.Show(Availability.Verifying, master);
        _source.Failovers.Complete(Second);
        _source.Show(Availability.Available);
    }

    private void Serve()
    {
        _source.Show(Availability.Verifying, A);
        _source.Show(Availability.Available);
    }

    private Ongoing? Ongoing()
    {
        Ongoing? seen = null;
        _watch.Settle(ongoing => seen = ongoing);
        return seen;
    }

    private void AssertNothingMore()
    {
        int before = _told.Count;
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.Null(Ongoing());
        _source.Show(Availability.Available);
        Assert.Equal(before, _told.Count);
    }
}
