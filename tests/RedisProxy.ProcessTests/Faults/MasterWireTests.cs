using System.Globalization;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>The wire between the proxy and a master that is well, and that all Sentinels see: no failover may come of its faults.</summary>
public sealed class MasterWireTests(SharedLab shared, ITestOutputHelper output) : IClassFixture<SharedLab>
{
    // Longer than the proxy's patience with its own probe (1 s).
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(2);

    private readonly FaultLab _lab = shared.Lab;

    [Theory]
    [InlineData(RelayDirections.Both)]
    [InlineData(RelayDirections.ToClient)]
    [InlineData(RelayDirections.ToTarget)]
    public async Task Blackholed_ThenHealed_EverythingGoesOnAsIfItHadOnlyBeenSlow(RelayDirections directions)
    {
        RedisServer master = await _lab.BeReadyAsync();
        string failovers = await _lab.FailoversAsync();
        await using CountingWriter writers = await _lab.StartWritersAsync();
        _lab.Relayed.Of(master).Apply(RelayConditions.Dead, directions);
        await Task.Delay(Silence, TimeProvider.System);
        _lab.Relayed.Of(master).Heal();
        LossReport report = await _lab.FinishAsync(writers, master);
        output.WriteLine(report.ToString());
        Assert.Equal(0, report.Unknown + report.NotExecuted);
        Assert.Equal(failovers, await _lab.FailoversAsync());
    }

    [Fact]
    public async Task Frozen_ForLessThanDownAfter_EverythingGoesOnAsIfItHadOnlyBeenSlow()
    {
        RedisServer master = await _lab.BeReadyAsync();
        string failovers = await _lab.FailoversAsync();
        await using CountingWriter writers = await _lab.StartWritersAsync();
        master.Freeze();
        await Task.Delay(Silence, TimeProvider.System);
        master.Thaw();
        LossReport report = await _lab.FinishAsync(writers, master);
        output.WriteLine(report.ToString());
        Assert.Equal(0, report.Unknown + report.NotExecuted);
        Assert.Equal(failovers, await _lab.FailoversAsync());
    }

    [Fact]
    public async Task SlowAndNarrow_EverythingIsAnswered()
    {
        RedisServer master = await _lab.BeReadyAsync();
        await using CountingWriter writers = await _lab.StartWritersAsync();
        _lab.Relayed.Of(master).Apply(new RelayConditions { Latency = TimeSpan.FromMilliseconds(30), BytesPerSecond = 200_000 });
        LossReport report = await _lab.FinishAsync(writers, master);
        Assert.Equal(0, report.Unknown + report.NotExecuted);
        _lab.Relayed.Heal();
    }

    [Fact]
    public async Task EachByteAPacket_RepliesAreTheSame()
    {
        RedisServer master = await _lab.BeReadyAsync();
        _lab.Relayed.Of(master).Apply(new RelayConditions { IsByteByByte = true });
        using RawClient client = await _lab.ConnectAsync();
        Assert.Equal("OK", (await client.CallAsync("SET", "sliced", new string('s', 3000))).Text);
        Assert.Equal(new string('s', 3000), (await client.CallAsync("GET", "sliced")).Text);
        Assert.Equal("%", (await client.CallAsync("HELLO", "3")).Kind.ToString());
        Assert.Equal('_', (await client.CallAsync("GET", "nothing")).Kind);
        _lab.Relayed.Heal();
    }

    [Fact]
    public async Task ResetWhileIdle_TheClientNoticesNothing()
    {
        RedisServer master = await _lab.BeReadyAsync();
        using RawClient client = await _lab.ConnectAsync();
        Assert.Equal("OK", (await client.CallAsync("SELECT", "5")).Text);
        _lab.Relayed.Of(master).Reset();
        Assert.Contains(" db=5 ", (await client.CallAsync("CLIENT", "INFO")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ResetUnderLoad_OnlyWhatWasInFlightIsUnknown()
    {
        RedisServer master = await _lab.BeReadyAsync();
        await using CountingWriter writers = await _lab.StartWritersAsync();
        for (int i = 0; i < 5; i++)
        {
            _lab.Relayed.Of(master).Reset();
            await writers.WaitForAcknowledgedAsync(50, FaultLab.Patience);
        }

        LossReport report = await _lab.FinishAsync(writers, master);
        output.WriteLine(report.ToString());
        Assert.InRange(report.Unknown, 0, 5 * FaultLab.Writers);
        Assert.Equal(0, report.NotExecuted);
    }

    [Fact]
    public async Task ResetMidPipeline_AnswersStayInOrderAndNothingIsSentTwice()
    {
        RedisServer master = await _lab.BeReadyAsync();
        using RawClient client = await _lab.ConnectAsync();
        string list = $"list:{Guid.NewGuid():N}";
        Assert.Equal("OK", (await client.CallAsync("SET", "read-me", "as ever")).Text);
        // Each pair of replies is ":n" and "$7 as ever", about 17 bytes.
        _lab.Relayed.Of(master).CutAfter(1000, RelayDirections.ToClient);
        const int Pairs = 200;
        await client.SendCommandsAsync(Enumerable.Range(1, Pairs).SelectMany<int, string>(
            i => [$"RPUSH {list} {i.ToString(CultureInfo.InvariantCulture)}", "GET read-me"]));
        var outcomes = new List<RawReply>();
        for (int i = 0; i < Pairs; i++)
        {
            outcomes.Add(await client.ReadReplyAsync());
            Assert.Equal("as ever", (await client.ReadReplyAsync()).Text);
        }

        int acknowledged = outcomes.TakeWhile(reply => reply.Kind == ':').Count();
        Assert.InRange(acknowledged, 1, Pairs - 1);
        string[] stored = [.. (await master.CallAsync("LRANGE", list, "0", "-1")).Items.Select(item => item.Text!)];
        output.WriteLine($"{acknowledged} acknowledged, {outcomes.Count(r => r.ErrorCode == "IOERR")} unknown, {stored.Length} stored");
        Assert.Equal(stored.Distinct(), stored);
        for (int i = 0; i < Pairs; i++)
        {
            // Behind those of unknown outcome there may be some that were never sent, and go on.
            bool isStored = stored.Contains($"{i + 1}");
            bool isHonest = outcomes[i].Kind == ':' ? isStored : outcomes[i].ErrorCode == "IOERR";
            Assert.True(isHonest, $"{i + 1}: {outcomes[i]}, stored: {isStored}");
        }
    }

    [Fact]
    public async Task CutInALargeReply_TheClientIsResetAndGetsNothingElse()
    {
        RedisServer master = await _lab.BeReadyAsync();
        using RawClient client = await _lab.ConnectAsync();
        await master.CallAsync("SET", "large", new string('l', 1_000_000));
        await client.CallAsync("PING");
        double torn = await _lab.MetricAsync("redisproxy_sessions_ended_total", ("reason", "torn_reply"));
        _lab.Relayed.Of(master).CutAfter(300_000, RelayDirections.ToClient);
        await client.SendCommandAsync("GET", "large");
        ConnectionEnd end = await client.ReadToEndAsync();
        Assert.True(end.WasReset);
        Assert.InRange(end.Rest.Length, 0, 300_000);
        Assert.Equal("$1000000\r\n" + new string('l', 300_000), end.Rest.PadRight(300_010, 'l'));
        await _lab.WaitForMetricAsync("redisproxy_sessions_ended_total", torn + 1, ("reason", "torn_reply"));
        _lab.Relayed.Heal();
        await _lab.WaitForServiceAsync();
        await _lab.AssertSaneAsync();
    }

    [Theory]
    [InlineData(RelayEnd.Reset)]
    [InlineData(RelayEnd.Close)]
    public async Task CutInASmallReply_AReadIsSentAgainAndAWriteIsUnknown(RelayEnd how)
    {
        RedisServer master = await _lab.BeReadyAsync();
        using RawClient client = await _lab.ConnectAsync();
        string counter = $"counter:{Guid.NewGuid():N}";
        string value = new('v', 1000);
        Assert.Equal("OK", (await client.CallAsync("SET", "small", value)).Text);
        // A client of its own each: the relay cuts every connection, the probe's too.
        _lab.Relayed.Of(master).CutAfter(500, RelayDirections.ToClient, how);
        Assert.Equal(value, (await client.CallAsync("GET", "small")).Text);
        _lab.Relayed.Of(master).CutAfter(500, RelayDirections.ToClient, how);
        RawReply written = await client.CallAsync("EVAL", "redis.call('INCR', KEYS[1]) return string.rep('x', 1000)", "1", counter);
        Assert.Equal("IOERR", written.ErrorCode);
        Assert.Equal("1", (await client.CallAsync("GET", counter)).Text);
    }

    [Fact]
    public async Task RepliesHalfClosed_IsALostMasterToTheSession()
    {
        RedisServer master = await _lab.BeReadyAsync();
        await using CountingWriter writers = await _lab.StartWritersAsync();
        _lab.Relayed.Of(master).HalfClose(RelayDirections.ToClient);
        LossReport report = await _lab.FinishAsync(writers, master);
        output.WriteLine(report.ToString());
        Assert.InRange(report.Unknown, 0, FaultLab.Writers);
    }

    [Fact]
    public async Task Refused_ForAMoment_RequestsAreHeldAndGoOn()
    {
        RedisServer master = await _lab.BeReadyAsync();
        await using CountingWriter writers = await _lab.StartWritersAsync();
        await _lab.BeginOutageAsync(master);
        using RawClient client = await _lab.ConnectAsync();
        await client.SendCommandAsync("SET", "held", "yes");
        await _lab.EndOutageAsync(master);
        Assert.Equal("OK", (await client.ReadReplyAsync()).Text);
        LossReport report = await _lab.FinishAsync(writers, master);
        output.WriteLine(report.ToString());
        Assert.InRange(report.Unknown, 0, FaultLab.Writers);
        Assert.Equal(0, report.NotExecuted);
    }
}
