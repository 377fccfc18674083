using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Failover;
using RedisProxy.Servers;
using RedisProxy.Tests.Topology;

namespace RedisProxy.Tests.Failover;

/// <summary>On a clock that stands still.</summary>
public sealed class WritePauseTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ScriptedNode _master = new("master");
    private readonly WritePause _pause;

    public WritePauseTests()
    {
        var context = new TopologyContext(_clock, new RecordingLoggers(new RecordingLog()));
        IPEndPoint address = _master.Server.Address;
        _pause = new WritePause(new ServerConnection(_master.Endpoint, address, new BackendOptions(), context), _clock);
    }

    public async ValueTask DisposeAsync()
    {
        await _pause.DisposeAsync();
        await _master.DisposeAsync();
    }

    [Fact]
    public async Task Pause_IsRenewedEverySecondUntilItIsEnded()
    {
        await _pause.BeginAsync();
        Assert.Equal(1, _master.Pauses);
        TimeSpan renewed = await Eventually.TrueWithinAsync(_clock, () => _master.Pauses == 4);
        Assert.True(renewed >= TimeSpan.FromSeconds(3), renewed.ToString());
        Assert.True(_pause.IsUnbroken);
        await _pause.EndAsync();
        Assert.False(_pause.IsOn);
        Assert.Equal(["PAUSE", "UNPAUSE"], _master.Orders);
        await Eventually.StaysTrueAsync(_clock, TimeSpan.FromSeconds(3), () => !_master.IsPaused);
    }

    [Fact]
    public async Task Pause_ThatNobodyEnds_IsNotRenewedForever()
    {
        await _pause.BeginAsync();
        await Eventually.StaysTrueAsync(_clock, TimeSpan.FromSeconds(36), () => _master.IsPaused);
        int pauses = _master.Pauses;
        Assert.InRange(pauses, 2, 32);
        Assert.False(_pause.IsUnbroken);
        await Eventually.StaysTrueAsync(_clock, TimeSpan.FromSeconds(3), () => _master.Pauses == pauses);
    }

    [Fact]
    public async Task Pause_LeftToRunOut_IsNotRenewed()
    {
        await _pause.BeginAsync();
        await _pause.LetRunOutAsync();
        await Eventually.StaysTrueAsync(_clock, TimeSpan.FromSeconds(3), () => _master.Pauses == 1);
        Assert.True(_pause.IsOn);
    }
}
