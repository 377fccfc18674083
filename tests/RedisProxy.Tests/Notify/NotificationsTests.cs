using Microsoft.Extensions.Logging;

using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Notify;
using RedisProxy.Tests.Topology;
using RedisProxy.Topology;

using static RedisProxy.Tests.Notify.FakeSource;

namespace RedisProxy.Tests.Notify;

/// <summary>All of it but the way to the receivers: what comes out is read in the log, which gets every message.</summary>
public sealed class NotificationsTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _clock = new();
    private readonly RecordingLog _log = new();
    private readonly FakeSource _source = new();
    private readonly FakeSource _other = new("other");
    private readonly Notifications _notifications;

    public NotificationsTests()
    {
        using var loggers = new RecordingLoggers(_log);
        _notifications = new Notifications([], _clock, new Logger<Notifications>(loggers));
        _source.Sentinels = [Opinion(1), Opinion(2), Opinion(3)];
        _other.Sentinels = _source.Sentinels;
        _source.Show(Availability.Available, A);
        _other.Show(Availability.Available, A);
        Look();
    }

    public void Dispose() => _notifications.Dispose();

    [Fact]
    public void LongOutage_IsToldOnceWhileItLasts()
    {
        _source.Show(Availability.Down, reason: "10.0.0.1:6379: connection refused");
        PassTime(4.5 * Second);
        Assert.Equal([], Ids());
        PassTime(60 * Second);
        Assert.Equal([4403], Ids());
        _source.Failovers.Add(Record(FailoverKind.Restart, A, A, _clock.GetUtcNow(), 64 * Second));
        _source.Show(Availability.Available);
        PassTime(60 * Second);
        Assert.Equal([4403, 4404], Ids());
    }

    [Fact]
    public void SecondOutage_IsToldAgain()
    {
        for (int i = 0; i < 2; i++)
        {
            _source.Show(Availability.Down);
            PassTime(6 * Second);
            _source.Failovers.Add(Record(FailoverKind.Restart, A, A, _clock.GetUtcNow(), 6 * Second));
            _source.Show(Availability.Available);
            Look();
        }

        Assert.Equal([4403, 4404, 4403, 4404], Ids());
    }

    [Fact]
    public void Sentinels_BelowAMajority_AreToldOnceForAllMastersAndWhenTheyAreBack()
    {
        Lose(2);
        PassTime(3 * Second);
        Lose();
        PassTime(3 * Second);
        Assert.Equal([], Ids());
        Lose(2, 3);
        PassTime(20 * Second);
        Lose(1, 2, 3);
        PassTime(20 * Second);
        Lose(1);
        PassTime(20 * Second);
        Assert.Equal([4405, 4406], Ids());
        Assert.StartsWith("sentinels_lost: Only 1 of 3 Sentinels have been reachable", _log.Lines[0].Text, StringComparison.Ordinal);
        Assert.StartsWith("sentinels_back: 2 of 3 Sentinels are reachable", _log.Lines[1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Sentinels_AwayForAMoment_AreNotTold()
    {
        Lose(1, 2, 3);
        PassTime(4 * Second);
        Lose();
        PassTime(20 * Second);
        Assert.Equal([], Ids());
    }

    [Fact]
    public void Drift_IsToldWhenItIsNewAndWhenItIsGone()
    {
        var replica = new HostEndpoint("10.0.0.2", 6379);
        Finding[] two =
        [
            new(Severity.Critical, replica, "maxmemory", "is 100 MiB here"),
            new(Severity.Critical, null, "replicas", "there is none"),
            new(Severity.Warning, replica, "timeout", "differs"),
        ];
        Audit(two);
        Audit(two);
        Audit([two[0] with { Text = "is 99 MiB here" }]);
        Audit(two);
        Audit([two[2]]);
        Audit([]);
        Assert.Equal([4409, 4409, 4410], Ids());
        Assert.Equal(
            "drift_found: The next failover of 'm' would go wrong: 10.0.0.2:6379: maxmemory is 100 MiB here and 1 more",
            _log.Lines[0].Text);
        Assert.Equal("drift_found: The next failover of 'm' would go wrong: the deployment: replicas there is none", _log.Lines[1].Text);
    }

    [Fact]
    public void Drift_InTheMiddleOfAFailover_IsNotBelieved()
    {
        _source.Show(Availability.Down);
        Audit([new Finding(Severity.Critical, null, "master", "there is none")]);
        Assert.Equal([], Ids());
    }

    [Fact]
    public void Replica_IsToldByItsChanges()
    {
        var replica = new HostEndpoint("10.0.0.2", 6379);
        _notifications.OnReplica("m", replica, isHealthy: true, "as ever");
        _notifications.OnReplica("m", replica, isHealthy: false, "its link to the master is down");
        _notifications.OnReplica("m", replica, isHealthy: false, "its link to the master is still down");
        _notifications.OnReplica("m", replica, isHealthy: true, "its link is up");
        Assert.Equal([4407, 4408], Ids());
        Assert.Equal(
            "replica_unhealthy: The replica 10.0.0.2:6379 of 'm' is unhealthy: its link to the master is down", _log.Lines[0].Text);
    }

    [Fact]
    public async Task Run_FollowsMastersThatComeLaterAndOutlivesWhatFails()
    {
        var late = new FakeSource("late");
        late.Show(Availability.Available, A);
        int looks = 0;
        using var stop = new CancellationTokenSource();
        Task running = _notifications.RunAsync(
            () => ++looks switch
            {
                1 => throw new InvalidOperationException("a fault"),
                2 => [_source, _other],
                _ => [_source, _other, late],
            },
            stop.Token);
        await RedisProxy.Testing.Eventually.Within(
            10 * Second,
            () =>
            {
                _clock.Advance(Notifications.LookInterval);
                return looks >= 4;
            },
            "it goes on");
        late.Show(Availability.Down);
        late.Failovers.Add(Record(FailoverKind.Restart, A, A, _clock.GetUtcNow(), Second));
        late.Show(Availability.Available);
        Assert.Equal([4425, 4404], _log.Lines.Select(line => line.Id));
        await stop.CancelAsync();
        await running.WaitAsync(10 * Second, TimeProvider.System);
    }

    [Fact]
    public void Receivers_AreKeptByNameWhenOptionsChange()
    {
        NotifyOptions ops = NotifyBench.Options;
        _notifications.Use([ops, ops with { Name = "b" }]);
        Receiver kept = _notifications.Receivers[0];
        _notifications.Use([ops with { Name = "c" }, ops with { StartedAfter = Second }]);
        Assert.Equal(["c", "ops"], _notifications.Receivers.Select(receiver => receiver.Name));
        Assert.Same(kept, _notifications.Receivers[1]);
        Assert.Equal(Second, kept.Options.StartedAfter);
        Assert.Equal(4, _log.CountOf(4426));
        Assert.Equal("Receiver 'ops' is notified of all events: http://h", _log.Lines[0].Text);
        _notifications.Use([]);
        Assert.Empty(_notifications.Receivers);
    }

    private void Audit(IReadOnlyList<Finding> findings) => _notifications.OnAudit(
        [new AuditResult(new DeploymentFacts("m", null, "", [], []), findings)]);

    private void Lose(params int[] lost)
    {
        _source.Sentinels = [.. Enumerable.Range(1, 3).Select(number => Opinion(number, isConnected: !lost.Contains(number)))];
        _other.Sentinels = _source.Sentinels;
        _source.Show(Availability.Available);
        _other.Show(Availability.Available);
    }

    private void PassTime(TimeSpan time)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += Notifications.LookInterval)
        {
            _clock.Advance(Notifications.LookInterval);
            Look();
        }
    }

    private void Look() => _notifications.Look([_source, _other]);

    private IEnumerable<int> Ids() => _log.Lines.Select(line => line.Id);
}
