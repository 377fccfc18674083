using System.Net;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Sessions;
using RedisProxy.Tests.EventLoops;
using RedisProxy.Tests.Notify;
using RedisProxy.Tests.Topology;
using RedisProxy.Topology;

using static RedisProxy.Tests.Notify.FakeSource;

namespace RedisProxy.Tests.DataPlane;

/// <summary>What an outage cost, from counters that a test writes.</summary>
public sealed class MasterOutagesTests : IAsyncLifetime
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _clock = new();
    private readonly FakeSource _source = new();
    private readonly RecordingLog _log = new();
    private readonly RunningLoop _loop = new();
    private SessionListener[] _parts = null!;
    private ListenerMeter _meter = null!;
    private MasterOutages _outages = null!;
    private SessionCounters _counters = null!;

    private FailoverRecord[] Records => [.. _source.Failovers.Last];

    public ValueTask InitializeAsync()
    {
        var listener = new ListenerOptions { Name = "main", Bind = BindAddress.OfTcp(new HostEndpoint("127.0.0.1", 1)) };
        var options = new ProxyOptions { Listeners = [listener] };
        var settings = new SessionSettings(options, listener);
        var gate = new Gate(_loop.Loop, 0, _ => 0, _ => { });
        var part = new SessionListener(_loop.Loop, gate, new ConnectLimiter(1), settings, new SessionQuota(settings.MaxSessions));
        _counters = part.Counters;
        _parts = [part];
        _meter = new ListenerMeter("main", _parts);
        _outages = new MasterOutages(_source, _clock, _log);
        _source.Failovers.IsCounted = true;
        _outages.Add(_meter, isOfMaster: true);
        _source.Show(Availability.Verifying, A);
        Show(Availability.Available);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    [Fact]
    public async Task PlannedFailover_CostsWhatWasCountedSinceThen_WithItsMoments()
    {
        Count(unknown: 100);
        _counters.Ended[(int)EndCause.Pinned] = 3;
        _outages.Sample();
        _clock.Advance(2 * Second);
        Serve(draining: 5);
        Show(Availability.PlannedHold, reason: "Sentinel s1 has begun a planned failover");
        Assert.Equal((5, false), (_outages.Running!.SessionsWaiting, _outages.Running.IsOver));
        await _meter.CatchUpAsync();
        _clock.Advance(0.5 * Second);
        Accept(FailoverKind.Planned, B, firstSignAgo: 0.6 * Second);
        _counters.CountHold(700, 12);
        _counters.CountHold(200, 1);
        Count(notExecuted: 2, unknown: 3, resent: 4);
        _counters.Ended[(int)EndCause.Pinned]++;
        _counters.Ended[(int)EndCause.ClientClosed] = 50;
        Complete();
        Assert.True(_outages.Running!.IsOver);
        Serve(serving: 5);

        FailoverCost cost = (await SettledAsync(1)).Cost!;
        Assert.Equal((13, 0.7, 2, 3, 4), (
            cost.Total.Held, cost.Total.LongestWaitSeconds, cost.Total.NotExecuted, cost.Total.Unknown, cost.Total.Resent));
        Assert.Equal([new("pinned", 1)], cost.Total.SessionsEnded);
        Assert.Equal(cost.Total.Text, Assert.Single(cost.Listeners).Value.Text);
        Assert.Equal(("Sentinel s1 has begun a planned failover", 0), (cost.Why, cost.SessionsWaiting));
        Assert.Equal((0.1, 0.6, 0.6), (cost.HoldBeganAfterSeconds, cost.OldGoneAfterSeconds, cost.PromotionSeenAfterSeconds));
        Assert.InRange(cost.FirstContinuedAfterSeconds!.Value, 0.6, 2);
        Assert.InRange(cost.AllContinuedAfterSeconds!.Value, cost.FirstContinuedAfterSeconds.Value, 2);
        Assert.Equal(13, _source.Failovers.CostOf(FailoverKind.Planned).Held);
        Assert.Equal(RequestCost.None, _source.Failovers.CostOf(FailoverKind.Unplanned));
        Assert.Null(_outages.Running);
        Assert.Contains(_log.Lines, line => line.Id == 3025 && line.Text.Contains(cost.Text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Kill_IncludesWhatWasSettledBeforeTheMasterWasKnownToBeLost()
    {
        _outages.Sample();
        _clock.Advance(1.5 * Second);
        Count(unknown: 8);
        _outages.Sample();
        Show(Availability.Down, reason: "connection refused");
        Accept(FailoverKind.Unplanned, B);
        Complete();
        Assert.Equal(8, (await SettledAsync(1)).Cost!.Total.Unknown);
    }

    [Fact]
    public async Task SessionsThatDoNotContinue_AreInTheRecordWhenTimeIsUp()
    {
        Serve(draining: 3);
        Show(Availability.Down);
        Accept(FailoverKind.Unplanned, B);
        Complete();
        Serve(serving: 1, draining: 2);
        FailoverCost cost = (await SettledAsync(1)).Cost!;
        Assert.Equal((2, null), (cost.SessionsWaiting, cost.AllContinuedAfterSeconds));
        Assert.NotNull(cost.FirstContinuedAfterSeconds);
        Assert.EndsWith(", 2 session(s) still waiting", cost.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NextFailoverBeforeTheEnd_EndsTheRecord_AndNothingIsCountedTwice()
    {
        Serve(draining: 3);
        Show(Availability.Down);
        Accept(FailoverKind.Unplanned, B);
        Count(unknown: 2);
        Complete();
        Serve(draining: 3);
        Show(Availability.Down);
        Assert.Equal((3, 2), (Records[0].Cost!.SessionsWaiting, Records[0].Cost!.Total.Unknown));
        Accept(FailoverKind.Unplanned, C);
        Count(unknown: 5);
        Complete();
        Serve(serving: 3);
        Assert.Equal((5, 0), ((await SettledAsync(2)).Cost!.Total.Unknown, Records[1].Cost!.SessionsWaiting));
        Assert.Equal(7, _source.Failovers.CostOf(FailoverKind.Unplanned).Unknown);
    }

    [Fact]
    public async Task SeveralMastersInOneOutage_TheLastRecordHasTheCost()
    {
        Show(Availability.Down);
        Accept(FailoverKind.Unplanned, B);
        Count(unknown: 2);
        Accept(FailoverKind.Unplanned, C);
        Complete();
        Assert.Equal(2, (await SettledAsync(2)).Cost!.Total.Unknown);
        Assert.Null(Records[0].Cost);
    }

    [Fact]
    public async Task MasterReplacedBeforeAnyHasServed_CostsWhatClientsHaveWaitedForIt()
    {
        var source = new FakeSource();
        var outages = new MasterOutages(source, _clock, _log);
        var meter = new ListenerMeter("main", _parts);
        source.Failovers.IsCounted = true;
        outages.Add(meter, isOfMaster: true);
        outages.OnShown(meter, source.Current);
        Show(Availability.Verifying, A);
        Assert.Null(outages.Running);
        source.Failovers.Add(Record(FailoverKind.Planned, A, B, _clock.GetUtcNow()) with { FirstSign = _clock.GetTimestamp() });
        Show(Availability.Verifying, B);
        Serve(draining: 4);
        Assert.Equal(4, outages.Running!.SessionsWaiting);
        _counters.CountHold(700, 9);
        source.Failovers.Complete(Second);
        Show(Availability.Available, B);
        Serve(serving: 4);
        await Eventually.TrueWithinAsync(_clock, () => source.Failovers.Last[0].Cost is not null);
        Assert.Equal(9, source.Failovers.Last[0].Cost!.Total.Held);

        void Show(Availability availability, IPEndPoint? master)
        {
            source.Show(availability, master);
            outages.OnShown(meter, source.Current);
        }
    }

    [Fact]
    public async Task Pause_IsARecordOfItsOwn()
    {
        Serve(draining: 1);
        Show(Availability.PlannedHold, reason: OperatorPause.ByOperator);
        _clock.Advance(3 * Second);
        Show(Availability.Available);
        Serve(serving: 1);
        FailoverRecord record = await SettledAsync(1);
        Assert.Equal((FailoverKind.Pause, A, A, 3 * Second), (record.Kind, record.Old, record.New, record.AvailableAfter!.Value));
        Assert.Equal((0, OperatorPause.ByOperator), (record.Cost!.HoldBeganAfterSeconds, record.Cost.Why));
        Assert.Null(record.Cost.OldGoneAfterSeconds ?? record.Cost.PromotionSeenAfterSeconds);
        Assert.Equal(1, _source.Failovers.CountOf(FailoverKind.Pause));
    }

    private void Count(long notExecuted = 0, long unknown = 0, long resent = 0)
    {
        _counters.ProxyReplies[(int)Outcome.NotExecuted] += notExecuted;
        _counters.ProxyReplies[(int)Outcome.Unknown] += unknown;
        _counters.Resent += resent;
    }

    private void Serve(long serving = 0, long draining = 0)
    {
        _counters.Phases[(int)SessionPhase.Serving] = serving;
        _counters.Phases[(int)SessionPhase.Draining] = draining;
    }

    private void Show(Availability availability, IPEndPoint? master = null, string reason = "")
    {
        _source.Show(availability, master, reason);
        _outages.OnShown(_meter, _source.Current);
    }

    private void Accept(FailoverKind kind, IPEndPoint master, TimeSpan firstSignAgo = default)
    {
        long ago = (long)(firstSignAgo.TotalSeconds * _clock.TimestampFrequency);
        _source.Failovers.Add(Record(kind, _source.Current.Master!.Address, master, _clock.GetUtcNow() - firstSignAgo) with
        {
            FirstSign = _clock.GetTimestamp() - ago,
        });
        Show(Availability.Verifying, master);
    }

    private void Complete()
    {
        _source.Failovers.Complete(Second);
        Show(Availability.Available);
    }

    private async Task<FailoverRecord> SettledAsync(int count)
    {
        await Eventually.TrueWithinAsync(_clock, () => Records.Length == count && Records[^1].Cost is not null);
        return Records[^1];
    }
}
