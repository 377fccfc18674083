using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

public sealed class HoldTests
{
    private static readonly TimeSpan ShortHold = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task Client_BeforeAMasterIsKnown_IsAcceptedAndHeld()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Set + Requests.Get);
        await lab.HoldsAsync(2);
        await lab.ServeFirstAsync();
        RawClient backend = await lab.AcceptAsync(lab.First);
        await (client, backend).ServeAsync(Requests.Set + Requests.Get, "+OK\r\n$1\r\nv\r\n");
    }

    [Fact]
    public async Task PlannedHold_LetsRepliesThroughAndKeepsNewRequestsBack()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Set);
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First);
        await client.SendAsync(Requests.Get);
        await first.SendAsync("+OK\r\n");
        await client.ExpectAsync("+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Get);
        Assert.Equal("", (await first.ReadToEndAsync()).Rest);
        Assert.Equal(0, lab.Counters.ProxyReplies.Sum());
    }

    [Fact]
    public async Task RequestsOfOneBurst_AreCountedOneByOneWhenTheyContinue()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First);
        string burst = string.Concat(Enumerable.Repeat(Requests.Set, 20));
        await client.SendAsync(burst);
        await lab.HoldsAsync(20);
        Assert.Equal(0, lab.Counters.HeldRequests);
        await lab.ServeFirstAsync();
        await first.ExpectAsync(burst);
        Assert.Equal(20, lab.Counters.HeldRequests);
    }

    [Fact]
    public async Task RequestThatTheNewMasterRejects_IsHeldAgainAndCountedOnce()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, _) = await lab.ConnectPairAsync();
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First);
        await client.SendAsync(Requests.Set);
        await lab.HoldsAsync(1);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Set);
        Assert.Equal(1, lab.Counters.HeldRequests);
        await second.SendAsync(Requests.ReadOnly);
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is reported");
        await lab.ShowAsync(Availability.Available, 3, lab.First);
        RawClient third = await lab.AcceptAsync(lab.First);
        await (client, third).ServeAsync(Requests.Set, "+OK\r\n");
        Assert.Equal(1, lab.Counters.HeldRequests);
    }

    [Fact]
    public async Task PlannedHold_ThatIsLetGo_SendsToTheSameBackend()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First);
        await client.SendAsync(Requests.Set);
        await lab.HoldsAsync(1);
        await lab.ServeFirstAsync();
        await first.ExpectAsync(Requests.Set);
        Assert.False(lab.First.HasPendingConnection);
    }

    [Fact]
    public async Task RequestPastItsDeadline_IsNotExecutedAndNeverSent()
    {
        ProxyOptions options = SessionLab.Options() with { Hold = new HoldOptions { Timeout = ShortHold } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Set + Requests.Get);
        await client.ExpectAsync(Requests.NotExecuted + Requests.NotExecuted);
        Assert.Equal(2, lab.Counters.HeldRequests);
        Assert.InRange(lab.Counters.LongestHoldMs, 290, 10_000);
        await lab.ServeFirstAsync();
        RawClient backend = await lab.AcceptAsync(lab.First);
        await client.SendAsync(Requests.Of("PING"));
        await backend.ExpectAsync(Requests.Of("PING"));
        Assert.Equal(2, lab.Counters.ProxyReplies[(int)Outcome.NotExecuted]);
    }

    [Fact]
    public async Task NotExecuted_HasTheConfiguredCode()
    {
        ProxyOptions options = SessionLab.Options() with
        {
            Hold = new HoldOptions { Timeout = ShortHold },
            Replay = new ReplayOptions { NotExecutedCode = NotExecutedCode.TryAgain },
        };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Set);
        await client.ExpectAsync(Requests.NotExecuted.Replace("LOADING", "TRYAGAIN", StringComparison.Ordinal));
    }

    [Fact]
    public async Task LongOutage_FailsNewRequestsAtOnce()
    {
        ProxyOptions options = SessionLab.Options() with
        {
            Hold = new HoldOptions { Timeout = TimeSpan.FromMinutes(1), MaxOutage = TimeSpan.FromMilliseconds(50) },
        };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await lab.ShowAsync(Availability.Down, 1, lab.First);
        first.Dispose();
        await Eventually.Within(
            TimeSpan.FromSeconds(10),
            async () => await lab.Loop.InvokeAsync(() => lab.Loop.NowMs) > 0 && await IsRefusedAtOnceAsync(lab),
            "requests are refused at once");
        await client.SendAsync(Requests.Set);
        await client.ExpectAsync(Requests.NotExecuted);
    }

    [Fact]
    public async Task ClientThatGivesUpWhileHeld_HasItsRequestsDropped()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Set);
        await lab.HoldsAsync(1);
        client.HalfClose();
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.ClientGaveUp] == 1, "the cause is counted");
        await lab.ServeFirstAsync();
        Assert.False(lab.First.HasPendingConnection);
    }

    [Fact]
    public async Task HeldInput_BeyondItsLimit_StaysWithTheKernelAndComesInOrder()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        RawClient client = await lab.ConnectAsync();
        string requests = string.Concat(Enumerable.Range(0, 2000).Select(i => Requests.Of("SET", $"{i:0000}", new string('v', 1000))));
        Task sending = client.SendAsync(requests);
        await SessionLab.EventuallyAsync(() => lab.Loop.Slabs.InUse > 0, "some of it is read ahead");
        Assert.InRange(lab.Loop.Slabs.AllocatedBytes, 1, 1024 * 1024);
        await lab.ServeFirstAsync();
        RawClient backend = await lab.AcceptAsync(lab.First);
        Assert.Equal(requests, await backend.ReadExactlyAsync(requests.Length));
        await sending;
    }

    [Fact]
    public async Task ReadsOnly_LetsReadsThroughAndHoldsTheFirstWriteAndAllBehindIt()
    {
        ProxyOptions options = SessionLab.Options() with { Hold = new HoldOptions { Timeout = ShortHold } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await lab.ShowAsync(Availability.ReadsOnly, 1, lab.First);
        await client.SendAsync(Requests.Get + Requests.Set + Requests.Get);
        await first.ExpectAsync(Requests.Get);
        await first.SendAsync("$1\r\nv\r\n");
        await client.ExpectAsync("$1\r\nv\r\n" + Requests.NotExecuted + Requests.NotExecuted);
        await client.SendAsync(Requests.Get);
        await first.ExpectAsync(Requests.Get);
    }

    [Fact]
    public async Task FailedConnect_IsReportedAndTriedAgainOnlyAfterANewLook()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Get);
        lab.First.Dispose();
        await lab.ServeFirstAsync();
        await SessionLab.EventuallyAsync(() => lab.Counters.RetargetsFailed == 1 && lab.Suspicions == 1, "the failure is reported");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Get);
        Assert.Equal(1, lab.Counters.RetargetsFailed);
    }

    private static async Task<bool> IsRefusedAtOnceAsync(SessionLab lab)
    {
        RawClient probe = await lab.ConnectAsync();
        probe.Timeout = TimeSpan.FromMilliseconds(200);
        await probe.SendAsync(Requests.Set);
        return (await probe.ReadReplyAsync()).ErrorCode == "LOADING";
    }
}
