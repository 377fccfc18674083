using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>Sessions that go to another process at a bad moment, or are sent back by it.</summary>
public sealed class SessionMoveEdgeTests
{
    private const string Unblocked = "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n";

    private static readonly string BlPop = Requests.Of("BLPOP", "k", "0");

    [PassageFact]
    public Task Session_ThatReturns_IsServedEvenIfItsPlaceIsTaken() => ReturnAsync(maxSessions: 1, maxPerAddress: 0);

    [PassageFact]
    public Task Session_ThatReturns_IsServedEvenIfItsAddressHasNoPlaceLeft() => ReturnAsync(maxSessions: 10, maxPerAddress: 1);

    [PassageFact]
    public async Task Client_ThatWaitsUntilItsSessionCanGo_IsServedWhenNoneCan()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        string large = string.Concat(Enumerable.Repeat(Requests.Get, PassageLimit.MaxRequests));
        await client.SendAsync(large);
        Assert.Equal(large, await backend.ReadExactlyAsync(large.Length));
        Assert.Equal(0, await lab.CountTakenAsync(tries: 9));
        await lab.ShowAsync(Availability.ReadsOnly, 1, lab.First);
        Assert.Equal(0, await lab.CountTakenAsync(tries: 1));
        await client.SendAsync(Requests.Get);
        await backend.ExpectAsync(Requests.Get);
        Assert.Equal(1, (await lab.ForgetTakingAsync())[(int)StayReason.TooLarge]);
    }

    [PassageFact]
    public async Task Pop_HeldByAFailover_KeepsItsSessionUntilItIsSent()
    {
        var time = new FakeTimeProvider();
        await using SessionLab before = await SessionLab.StartAsync(time: time);
        await using SessionLab after = await SessionLab.StartAsync(time: time);
        (RawClient client, _) = await before.ConnectPairAsync();
        await client.SendAsync(Requests.Get);
        await before.ServeSecondAsync();
        await after.ShowAsync(Availability.Available, 7, before.Second);
        RawClient second = await before.AcceptAsync(before.Second);
        await client.SendAsync(BlPop);
        await second.ExpectAsync(Requests.Get);
        await second.SendAsync("$-1\r\n");
        await client.ExpectAsync("$-1\r\n");
        await before.HoldsAsync(1);
        await before.PassAsync(time, TimeSpan.FromMilliseconds(240));
        Assert.Equal(0, await before.CountTakenAsync(tries: 9));
        await before.HoldsAsync(1);
        await before.PassAsync(time, TimeSpan.FromMilliseconds(20));
        await second.ExpectAsync(BlPop);
        await before.MoveAsync(after);
        await (client, second).ServeAsync("", "*2\r\n$1\r\nk\r\n$1\r\ne\r\n");
    }

    /// <summary>The first thing that would have gone on its new link was answered by the proxy, so nothing was sent on it.</summary>
    [PassageFact]
    public async Task Wait_AnsweredByTheProxyOnANewLink_KeepsNoSessionBack()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await before.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Requests.Set, "+OK\r\n");
        await before.ServeSecondAsync();
        RawClient second = await before.AcceptAsync(before.Second);
        await client.SendAsync(Requests.Of("WAIT", "1", "100"));
        await client.ExpectAsync(":0\r\n");
        await after.ShowAsync(Availability.Available, 7, before.Second);
        await before.MoveAsync(after);
        await (client, second).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    // It has waited for a master once, at the server ever since, and not for a master again before the next one is gone.
    [PassageFact]
    public async Task Pop_OfAnEarlierFailover_IsHeldInTheNextOneForItsWholeTime()
    {
        var time = new FakeTimeProvider();
        await using SessionLab before = await SessionLab.StartAsync(time: time);
        await using SessionLab after = await SessionLab.StartAsync(time: time);
        (RawClient client, RawClient backend) = await before.ConnectPairAsync();
        await client.SendAsync(BlPop);
        await backend.ExpectAsync(BlPop);
        await FailOverAsync(before, backend, 2, before.Second);
        RawClient second = await before.AcceptAsync(before.Second);
        await before.PassAsync(time, TimeSpan.FromSeconds(1));
        await second.ExpectAsync(BlPop);
        await before.PassAsync(time, TimeSpan.FromHours(1));
        await after.ShowAsync(Availability.Available, 7, before.Second);
        await before.MoveAsync(after);
        await FailOverAsync(after, second, 8, after.First);
        await after.PassAsync(time, TimeSpan.FromSeconds(1));
        await (client, await after.AcceptAsync(after.First)).ServeAsync(BlPop, "*2\r\n$1\r\nk\r\n$1\r\ne\r\n");
    }

    [PassageFact]
    public async Task Session_ThatCannotLeaveForAFault_IsServedOn_AndTheNextOneLeaves()
    {
        var kernel = new BreakingKernel();
        await using SessionLab lab = await SessionLab.StartAsync(kernel: kernel);
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient first, RawClient firstLink) = await lab.ConnectPairAsync();
        (RawClient second, RawClient secondLink) = await lab.ConnectPairAsync();
        await after.ShowAsync(Availability.Available, 7, lab.First);
        int calls = 0;
        kernel.Before = call => ThrowIf(call == nameof(kernel.Duplicate) && calls++ == 0);

        await lab.MoveAsync(after);

        Assert.IsType<TimeZoneNotFoundException>(Assert.Single(lab.TakeFaults()));
        Assert.Equal(0, await lab.CountTakenAsync(tries: 9));
        await (first, firstLink).ExchangeAsync(Requests.Get, "$1\r\n1\r\n");
        await (second, secondLink).ExchangeAsync(Requests.Get, "$1\r\n2\r\n");
        Assert.Equal((1, 1), ((await lab.SnapshotsAsync()).Length, (await after.SnapshotsAsync()).Length));
    }

    [PassageFact]
    public Task Session_WhoseClientCannotArriveForAFault_IsRefused_AndServedWhereItWas() => RefuseAsync(failingCall: 1);

    [PassageFact]
    public Task Session_WhoseLinkCannotArriveForAFault_IsRefused_AndServedWhereItWas() => RefuseAsync(failingCall: 2);

    [PassageFact]
    public async Task Session_ForWhichThereIsNoRoom_IsAskedForAgain_UntilItHasTakenTooLong()
    {
        var time = new FakeTimeProvider();
        ProxyOptions options = SessionLab.Options();
        options = options with { Listeners = [options.Listeners[0] with { MaxSessions = 1 }] };
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync(options, time);
        (RawClient client, _) = await before.ConnectPairAsync();
        await after.ShowAsync(Availability.Available, 7, before.First);
        RawClient inTheWay = await after.ConnectAsync();
        await SessionLab.EventuallyAsync(() => after.Counters.Phases.Sum() == 1, "the place is taken");
        PassedMessage message = await before.TakeAsync();
        Assert.Equal((Adoption.NotNow, ""), await after.AdoptAsync(message));
        time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Equal((Adoption.NotNow, ""), await after.AdoptAsync(message));
        time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal((Adoption.Refused, "there are too many sessions"), await after.AdoptAsync(message));

        inTheWay.Dispose();
        await SessionLab.EventuallyAsync(() => after.Counters.Phases.Sum() == 0, "the place is free");
        Assert.Equal((Adoption.Adopted, ""), await after.AdoptAsync(message));

        // There was room since then. This is how a message arrives for whose connections there are no descriptors.
        var cut = new PassedMessage(message.Bytes, PassedMessage.None, PassedMessage.None, IsWhole: false);
        Assert.Equal((Adoption.NotNow, ""), await after.AdoptAsync(cut));
        client.Dispose();
    }

    private static async Task RefuseAsync(int failingCall)
    {
        var kernel = new BreakingKernel();
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync(kernel: kernel);
        (RawClient client, RawClient link) = await before.ConnectPairAsync();
        await after.ShowAsync(Availability.Available, 7, before.First);
        int calls = 0;
        kernel.Before = call => ThrowIf(call == nameof(kernel.TryWatch) && ++calls == failingCall);
        PassedMessage message = await before.TakeAsync();

        (Adoption verdict, string problem) = await after.AdoptAsync(message);

        Assert.Equal((Adoption.Refused, "of a fault, TimeZoneNotFoundException"), (verdict, problem));
        Assert.Single(after.TakeFaults());
        Assert.Empty(await after.SnapshotsAsync());
        await before.TakeBackAsync(message);
        await (client, link).ExchangeAsync(Requests.Get, "$1\r\n1\r\n");
    }

    [PassageFact]
    public async Task Session_ThatReturnsToAFault_IsClosed()
    {
        var kernel = new BreakingKernel();
        await using SessionLab lab = await SessionLab.StartAsync(kernel: kernel);
        (RawClient client, _) = await lab.ConnectPairAsync();
        PassedMessage message = await lab.TakeAsync();
        kernel.Before = call => ThrowIf(call == nameof(kernel.TryWatch));

        await lab.TakeBackAsync(message);

        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
        Assert.Single(lab.TakeFaults());
    }

    // None that the code under test could throw or expect.
    private static void ThrowIf(bool isTime)
    {
        if (isTime)
        {
            throw new TimeZoneNotFoundException();
        }
    }

    private static async Task FailOverAsync(SessionLab lab, RawClient link, long generation, ScriptedBackend to)
    {
        await link.SendAsync(Unblocked);
        await Eventually.Within(TimeSpan.FromSeconds(10), async () => await lab.CountWaitingAsync() == 1, "the pop waits for a master");
        await lab.ShowAsync(Availability.Available, generation, to);
    }

    // Another client has its place, and the other process has refused it: there is nowhere else for it to go.
    private static async Task ReturnAsync(int maxSessions, int maxPerAddress)
    {
        ProxyOptions options = SessionLab.Options();
        options = options with
        {
            Listeners = [options.Listeners[0] with { MaxSessions = maxSessions }],
            Client = options.Client with { MaxSessionsPerAddress = maxPerAddress },
        };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        PassedMessage message = await lab.TakeAsync();
        await Eventually.Within(
            TimeSpan.FromSeconds(10), async () => (await lab.SnapshotsAsync()).Length == 0, "its place is free");
        RawClient other = await lab.ConnectAsync();
        RawClient link = await lab.AcceptAsync(lab.First);
        await (other, link).ExchangeAsync(Requests.Get, "$-1\r\n");
        await lab.TakeBackAsync(message);
        await (client, backend).ExchangeAsync(Requests.Get, "$1\r\n1\r\n");

        // From then on there is one too many, and nobody else is let in.
        Assert.Equal("-ERR max number of clients reached\r\n", (await (await lab.ConnectAsync()).ReadToEndAsync()).Rest);
    }
}
