using RedisProxy.Testing;
using RedisProxy.Testing.Histories;

namespace RedisProxy.ProcessTests.Histories;

/// <summary>The load against redis itself, with nothing in between: every reply must be as the oracle foresees it.</summary>
public sealed class HistoryLoadTests : IAsyncLifetime
{
    private const int Seed = 1;
    private const int Enough = 3000;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    private readonly HistoryLog _log = new();
    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync(new RedisServerOptions { Lines = Identity.ServerLines });
        await FixedData.WriteAsync(_redis, replicas: 0);
    }

    public async ValueTask DisposeAsync() => await _redis.DisposeAsync();

    [Fact]
    public async Task Load_OfAServerThatStays_IsHonest()
    {
        await using (HistoryLoad load = HistoryLoad.Start(_redis.Port, _log, Seed))
        {
            await ReachAsync(Enough);
        }

        HistoryVerdict verdict = HistoryVerdict.Of(_log, await StoredState.ReadAsync(_redis));
        Assert.True(verdict.IsHonest, verdict.Describe());
        Assert.Equal(_log.Requests, _log.Count(WriteOutcome.Acknowledged) + _log.Counts.GetValueOrDefault("EXEC nil"));
        Assert.InRange(_log.Queues.Delivered, 1, int.MaxValue);
    }

    [Fact]
    public async Task Load_OfAServerThatForgets_IsFoundOut()
    {
        await using (HistoryLoad load = HistoryLoad.Start(_redis.Port, _log, Seed))
        {
            await ReachAsync(Enough);
            await _redis.CallAsync("FLUSHALL");
            await ReachAsync(_log.Requests + Enough);
        }

        HistoryVerdict verdict = HistoryVerdict.Of(_log, await StoredState.ReadAsync(_redis));
        Assert.Contains(verdict.Violations, v => v.Kind == ViolationKind.Lost);
        Assert.Contains(verdict.Violations, v => v.Kind == ViolationKind.Misplaced);
    }

    [Fact]
    public async Task Load_WhoseConnectionsAreKilled_CountsThemAsClosed()
    {
        await using (HistoryLoad load = HistoryLoad.Start(_redis.Port, _log, Seed))
        {
            await ReachAsync(Enough);
            await _redis.CallAsync("CLIENT", "KILL", "TYPE", "normal");
            await ReachAsync(_log.Requests + Enough);
        }

        HistoryVerdict verdict = HistoryVerdict.Of(_log, await StoredState.ReadAsync(_redis));
        Assert.All(verdict.Violations, v => Assert.Equal(ViolationKind.Closed, v.Kind));
        Assert.InRange(_log.Closes.Values.Sum(), 1, int.MaxValue);
    }

    private Task ReachAsync(int requests) => Eventually.Within(Soon, () => _log.Requests >= requests, $"{requests} requests are answered");
}
