using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Harness;

public sealed class CountingWriterTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private static readonly CountingWriterOptions Fast = new() { Pace = TimeSpan.Zero, PipelineDepth = 4 };

    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync() => await _redis.DisposeAsync();

    [Fact]
    public async Task Writers_OfAServerThatStays_FindEverything()
    {
        await using CountingWriter writers = CountingWriter.Start(_redis.Port, Fast);
        await writers.WaitForAcknowledgedAsync(2000, Soon);

        LossReport report = await writers.CompareAsync(_redis);

        Assert.True(report.IsHonest, report.ToString());
        Assert.Equal(0, report.Unknown + report.Broken + report.NotExecuted + report.OtherErrors + report.ConnectionsBroken);
        Assert.InRange(report.Acknowledged, 2000, int.MaxValue);
    }

    [Fact]
    public async Task Writers_OfAServerThatForgets_SeeWhatIsLost()
    {
        await using CountingWriter writers = CountingWriter.Start(_redis.Port, Fast);
        await writers.WaitForAcknowledgedAsync(500, Soon);
        int before = writers.Count(WriteOutcome.Acknowledged);

        await _redis.CallAsync("FLUSHALL");
        await writers.WaitForAcknowledgedAsync(500, Soon);
        LossReport report = await writers.CompareAsync(_redis);

        Assert.InRange(report.Lost.Count, before, report.Acknowledged - 400);
    }

    [Fact]
    public async Task Writers_WhoseServerIsKilledAndComesBackEmpty_GoOnAndSeeBoth()
    {
        await using CountingWriter writers = CountingWriter.Start(_redis.Port, Fast);
        await writers.WaitForAcknowledgedAsync(500, Soon);

        await _redis.KillAsync();
        await _redis.RestartAsync(keepData: false);
        await writers.WaitForAcknowledgedAsync(500, Soon);
        LossReport report = await writers.CompareAsync(_redis);

        Assert.InRange(report.Lost.Count, 500, report.Acknowledged - 500);
        Assert.InRange(report.ConnectionsBroken, 4, int.MaxValue);
        Assert.Equal(report.ConnectionsBroken * Fast.PipelineDepth, report.Broken);
        Assert.InRange(report.LongestPause.Length, TimeSpan.FromMilliseconds(1), Soon);
    }

    [Fact]
    public async Task Writers_OfAServerThatKeepsItsData_LoseNothingByAKill()
    {
        await using RedisServer durable = await RedisServer.StartAsync(new RedisServerOptions { AppendOnly = true });
        await using CountingWriter writers = CountingWriter.Start(durable.Port, Fast);
        await writers.WaitForAcknowledgedAsync(500, Soon);

        await durable.KillAsync();
        await durable.RestartAsync(keepData: true);
        await writers.WaitForAcknowledgedAsync(500, Soon);
        LossReport report = await writers.CompareAsync(durable);

        Assert.True(report.IsHonest, report.ToString());
        Assert.InRange(report.ConnectionsBroken, 4, int.MaxValue);
    }

    [Fact]
    public async Task Writers_OfAServerThatIsAReplicaNow_CountItsErrors()
    {
        await using CountingWriter writers = CountingWriter.Start(_redis.Port, Fast);
        await writers.WaitForAcknowledgedAsync(100, Soon);

        await _redis.CallAsync("REPLICAOF", "127.0.0.1", "1");
        await Eventually.Within(Soon, () => writers.Count(WriteOutcome.OtherError) > 100, "READONLY is seen");
        await _redis.CallAsync("REPLICAOF", "NO", "ONE");
        LossReport report = await writers.CompareAsync(_redis);

        Assert.True(report.IsHonest, report.ToString());
        Assert.Equal(report.OtherErrors, report.Errors["READONLY"]);
    }
}
