using System.Diagnostics;

using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>A master that accepts connections, and answers late or never what is said on them before the first request.</summary>
public sealed class SlowMasterTests
{
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(3);
    private static readonly string Select = Requests.Of("SELECT", "3");

    [Fact]
    public async Task StateToReplay_AnsweredAfterThreeSeconds_IsWaitedFor()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        RawClient client = await MovedAsync(lab);
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Select);
        await client.SendAsync(Requests.Get);
        await Task.Delay(Slow, TimeProvider.System);
        Assert.False(lab.Second.HasPendingConnection);
        await second.SendAsync("+OK\r\n");
        await (client, second).ServeAsync(Requests.Get, "$1\r\nv\r\n");
        Assert.Equal(0, lab.Counters.RetargetsFailed);
    }

    [Fact]
    public async Task StateToReplay_HoldBeginsAndIsLetGoMeanwhile_IsWaitedFor()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        RawClient client = await MovedAsync(lab);
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Select);
        await client.SendAsync(Requests.Get);
        await lab.ShowAsync(Availability.PlannedHold, 2, lab.Second);
        await second.SendAsync("+OK\r\n");
        await lab.ServeSecondAsync();
        await second.ExpectAsync(Requests.Get);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task StateToReplay_MasterIsGivenUp_EndsTheAttempt(bool isReplaced)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        RawClient client = await MovedAsync(lab);
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Select);
        await client.SendAsync(Requests.Get);
        await (isReplaced ? lab.ShowAsync(Availability.Verifying, 3, lab.First) : lab.ShowAsync(Availability.Down, 2, lab.Second));
        Assert.Equal("", (await second.ReadToEndAsync()).Rest);
        await SessionLab.EventuallyAsync(() => isReplaced || lab.Suspicions == 1, "the master is to be looked at again");

        await lab.ShowAsync(Availability.Available, 3, lab.First);
        RawClient first = await lab.AcceptAsync(lab.First);
        await first.ExpectAsync(Select);
        await first.SendAsync("+OK\r\n");
        await first.ExpectAsync(Requests.Get);
    }

    [Fact]
    public async Task StateToReplay_NotAnswered_DoesNotKeepOthersFromConnecting()
    {
        ProxyOptions options = SessionLab.Options() with { Backend = new BackendOptions { MaxConcurrentConnects = 1 } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        await MovedAsync(lab);
        RawClient slow = await lab.AcceptAsync(lab.Second);
        await slow.ExpectAsync(Select);
        for (int i = 0; i < 3; i++)
        {
            long begun = Stopwatch.GetTimestamp();
            RawClient other = await lab.ConnectAsync();
            await other.SendAsync(Requests.Set);
            RawClient backend = await lab.AcceptAsync(lab.Second);
            await backend.ExpectAsync(Requests.Of("PING"));
            await backend.SendAsync("+PONG\r\n");
            await backend.ExpectAsync(Requests.Set);
            await backend.SendAsync("+OK\r\n");
            await other.ExpectAsync("+OK\r\n");

            // Only the first had to wait, until the place was given up.
            Assert.True(i == 0 || Stopwatch.GetElapsedTime(begun) < options.Backend.ConnectTimeout);
        }

        await slow.SendAsync("+OK\r\n");
        await SessionLab.EventuallyAsync(() => lab.Counters.Phases[(int)SessionPhase.Serving] == 4, "all are served");
    }

    [Fact]
    public async Task StateToReplay_ClientLeavesMeanwhile_EndsTheAttempt()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        RawClient client = await MovedAsync(lab);
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Select);
        client.Reset();
        Assert.Equal("", (await second.ReadToEndAsync()).Rest);
    }

    /// <summary>A client in database 3, whose session connects to the second backend now.</summary>
    private static async Task<RawClient> MovedAsync(SessionLab lab)
    {
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Select, "+OK\r\n");
        await lab.ServeSecondAsync();
        return client;
    }
}
