using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>
/// A session goes on elsewhere, with its sockets and its state: here from one loop to another, each with its own idea of generations.
/// </summary>
public sealed class SessionMovesTests
{
    private static readonly string SetA = Requests.Of("SET", "a", "1");
    private static readonly string BlPop = Requests.Of("BLPOP", "k", "100");

    [PassageFact]
    public async Task Session_AtRest_GoesOnWithItsLinkAndIsCountedOnce()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await ConnectAsync(before, after);
        await (client, backend).ExchangeAsync(Requests.Get, "$-1\r\n");
        await before.MoveAsync(after);
        await (client, backend).ExchangeAsync(SetA, "+OK\r\n");
        Assert.Equal((1, 0), (before.Counters.Accepted, after.Counters.Accepted));
        Assert.Equal((0, 1), (before.Counters.Adopted, after.Counters.Adopted));
        SessionSnapshot snapshot = Assert.Single(await after.SnapshotsAsync());
        Assert.Equal(Requests.Get.Length + SetA.Length, snapshot.ReceivedBytes);
        Assert.Empty(await before.SnapshotsAsync());
    }

    [PassageFact]
    public async Task Client_ThatIsToldOfFailovers_IsToldInTheNextProcessToo()
    {
        await using SessionLab before = await HandoffScene.StartAsync();
        await using SessionLab after = await HandoffScene.StartAsync();
        await after.ShowAsync(Availability.Available, 7, before.First);
        (RawClient client, RawClient backend) = await HandoffScene.ConnectTakingPartAsync(before);
        await before.MoveAsync(after);
        await after.ShowAsync(Availability.PlannedHold, 7, before.First);
        await client.ExpectAsync($">4\r\n$12\r\nFAILING_OVER\r\n:{after.LastNumber}\r\n:10\r\n$1\r\n1\r\n");
        await after.ShowAsync(Availability.Available, 7, before.First);
        await client.ExpectAsync(HandoffScene.Over(after));
        await (client, backend).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    [PassageFact]
    public async Task Requests_InFlight_AreAnsweredInTheirOrder()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await ConnectAsync(before, after);
        await client.SendAsync(Requests.Get + SetA + BlPop);
        await backend.ExpectAsync(Requests.Get + SetA + BlPop);
        await before.MoveAsync(after);
        await client.SendAsync(Requests.Get);
        await (client, backend).ServeAsync(Requests.Get, "$1\r\n1\r\n+OK\r\n*2\r\n$1\r\nk\r\n$1\r\ne\r\n$-1\r\n");
    }

    [PassageFact]
    public async Task Request_OfWhichAPartHasArrived_IsSentWhenItsEndArrives()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await ConnectAsync(before, after);
        string request = Requests.Of("SET", "k", new string('v', 5000));
        await client.SendAsync("*0\r\n" + request[..4500]);
        await Eventually.Within(
            TimeSpan.FromSeconds(10),
            async () => (await before.SnapshotsAsync())[0].ReceivedBytes == 4504,
            "the part was received");
        await before.MoveAsync(after);
        await client.SendAsync(request[4500..]);
        await backend.ExpectAsync(request);
        await backend.SendAsync("+OK\r\n");
        await client.ExpectAsync("+OK\r\n");
    }

    [PassageFact]
    public async Task Reply_OfWhichAPartHasArrived_IsRelayedWhenItsEndArrives()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await ConnectAsync(before, after);
        await client.SendAsync(Requests.Get);
        await backend.ExpectAsync(Requests.Get);
        await backend.SendAsync("$5\r\nhe");
        await Eventually.Within(
            TimeSpan.FromSeconds(10), () => before.Loop.InvokeAsync(() => before.Loop.Slabs.InUse > 1), "the part was received");
        await before.MoveAsync(after);
        await backend.SendAsync("llo\r\n");
        await client.ExpectAsync("$5\r\nhello\r\n");
        await (client, backend).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    [PassageFact]
    public async Task State_IsReplayedOnTheNextMaster()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await ConnectAsync(before, after);
        foreach (string said in (string[])
            ["CLIENT SETNAME worker", "SELECT 3", "HELLO 3 AUTH alice secret", "CLIENT NO-EVICT on", "CLIENT TRACKING on"])
        {
            await (client, backend).ExchangeAsync(Requests.Of(said.Split(' ')), "+OK\r\n");
        }

        await before.MoveAsync(after);
        await after.ShowAsync(Availability.Available, 8, after.Second);
        RawClient second = await after.AcceptAsync(after.Second);
        await client.SendAsync(SetA);
        await second.ExpectAsync(Requests.Of("HELLO", "3") + Requests.Of("SELECT", "3"));
        await second.SendAsync("%1\r\n+server\r\n+redis\r\n+OK\r\n");
        await second.ExpectAsync(
            Requests.Of("HELLO", "3", "AUTH", "alice", "secret", "SETNAME", "worker") + Requests.Of("CLIENT", "TRACKING", "on")
            + Requests.Of("CLIENT", "NO-EVICT", "on"));
        await second.SendAsync("%1\r\n+server\r\n+redis\r\n+OK\r\n+OK\r\n");
        await second.ExpectAsync(SetA);
        await second.SendAsync("+OK\r\n");
        await client.ExpectAsync(">2\r\n$10\r\ninvalidate\r\n_\r\n+OK\r\n");
    }

    [PassageFact]
    public async Task Subscriptions_AreRestoredOnTheNextMaster()
    {
        ProxyOptions options = SessionLab.Options();
        options = options with { Listeners = [options.Listeners[0] with { PubSub = PubSubAction.Resubscribe }] };
        await using SessionLab before = await SessionLab.StartAsync(options);
        await using SessionLab after = await SessionLab.StartAsync(options);
        (RawClient client, RawClient backend) = await ConnectAsync(before, after);
        string both = "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n";
        await (client, backend).ExchangeAsync(Requests.Of("SUBSCRIBE", "a", "b"), both);
        await before.MoveAsync(after);
        string message = "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n";
        await backend.SendAsync(message);
        await client.ExpectAsync(message);
        await after.ShowAsync(Availability.Available, 8, after.Second);
        RawClient second = await after.AcceptAsync(after.Second);
        await second.ExpectAsync(Requests.Of("SUBSCRIBE", "a", "b"));
        await second.SendAsync(both + message);
        await client.ExpectAsync(message);
    }

    // Its first confirmation went to the client in one process, and the second does in the next.
    [PassageFact]
    public async Task Subscription_ConfirmedInPart_IsConfirmedToItsEnd()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await ConnectAsync(before, after);
        await (client, backend).ExchangeAsync(Requests.Of("SUBSCRIBE", "a", "b"), "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
        await before.MoveAsync(after);
        await backend.SendAsync("*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n");
        await client.ExpectAsync("*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n");
        await (client, backend).ExchangeAsync(Requests.Of("PING"), "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    }

    [PassageFact]
    public async Task OpenTransaction_IsMovedToTheNextMasterWithItsQueue()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await ConnectAsync(before, after);
        await (client, backend).ExchangeAsync(Requests.Multi + SetA, "+OK\r\n+QUEUED\r\n");
        await before.MoveAsync(after);
        await after.ShowAsync(Availability.Available, 8, after.Second);
        RawClient second = await after.AcceptAsync(after.Second);
        await second.ExpectAsync(Requests.Multi);
        await second.SendAsync("+OK\r\n");
        await second.ExpectAsync(SetA);
        await second.SendAsync("+QUEUED\r\n");
        await (client, second).ExchangeAsync(Requests.Exec, "*1\r\n+OK\r\n");
    }

    [PassageFact]
    public async Task Watch_IsLostWithItsMasterAndNotBefore()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await ConnectAsync(before, after);
        await (client, backend).ExchangeAsync(Requests.Watch, "+OK\r\n");
        await before.MoveAsync(after);
        await (client, backend).ExchangeAsync(Requests.Multi + SetA, "+OK\r\n+QUEUED\r\n");
        await after.ShowAsync(Availability.Available, 8, after.Second);
        await client.SendAsync(Requests.Exec);
        await client.ExpectAsync("*-1\r\n");
    }

    [PassageFact]
    public async Task ReplyMode_StaysAsTheClientHasSetIt()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await ConnectAsync(before, after);
        await client.SendAsync(Requests.Of("CLIENT", "REPLY", "OFF") + Requests.Get);
        await before.MoveAsync(after);
        await client.SendAsync(SetA + Requests.Of("CLIENT", "REPLY", "ON"));
        string received = await backend.ReadUntilAsync(SetA);
        Assert.Contains(Requests.Get, received, StringComparison.Ordinal);
        await backend.ReadUntilAsync("\r\n");
        await backend.SendAsync("+OK\r\n$-1\r\n+OK\r\n+OK\r\n");
        await client.ExpectAsync("+OK\r\n");
    }

    [PassageFact]
    public async Task Master_IsLostLater_WhatWasInFlightIsSettledAsEver()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await ConnectAsync(before, after);
        await client.SendAsync(SetA + Requests.Get);
        await backend.ExpectAsync(SetA + Requests.Get);
        await before.MoveAsync(after);
        await after.ShowAsync(Availability.Available, 8, after.Second);
        await client.ExpectAsync(Requests.Unknown);
        await (client, await after.AcceptAsync(after.Second)).ServeAsync(Requests.Get, "$-1\r\n");
    }

    [PassageFact]
    public async Task Master_WasReplacedMeanwhile_TheLinkIsFencedBeforeAnythingElse()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await ConnectAsync(before, after);
        await after.ShowAsync(Availability.Available, 8, after.Second, epoch: 1);
        await client.SendAsync(SetA + Requests.Get);
        await backend.ExpectAsync(SetA + Requests.Get);
        PassedMessage message = await before.TakeAsync();
        await backend.SendAsync("+OK\r\n");
        Assert.Equal((Adoption.Adopted, ""), await after.AdoptAsync(message));
        await client.ExpectAsync(Requests.Unknown);
        await (client, await after.AcceptAsync(after.Second)).ServeAsync(Requests.Get, "$-1\r\n");
        client.Dispose();
    }

    [PassageFact]
    public async Task Process_ThatKnowsLess_LeavesTheSessionToTheOtherOne()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await before.ConnectPairAsync();
        PassedMessage message = await before.TakeAsync();
        Assert.Equal(Adoption.NotNow, (await after.AdoptAsync(message)).Verdict);
        await before.TakeBackAsync(message);
        await (client, backend).ExchangeAsync(SetA, "+OK\r\n");
        await before.ShowAsync(Availability.Available, 1, before.First, epoch: 5);
        await after.ShowAsync(Availability.Available, 1, before.First, epoch: 4);
        Assert.Equal(0, await before.CountTakenAsync(tries: 3));
        RawClient other = await before.ConnectAsync();
        await other.SendAsync(Requests.Get);
        RawClient link = await before.AcceptAsync(before.First);
        await link.ExpectAsync(Requests.Get);
        message = await before.TakeAsync();
        Assert.Equal(Adoption.NotNow, (await after.AdoptAsync(message)).Verdict);
        await before.TakeBackAsync(message);
        await link.SendAsync("$-1\r\n");
        await other.ExpectAsync("$-1\r\n");
    }

    [PassageFact]
    public async Task Client_ThatHasNotLoggedIn_DoesSoWhereItArrives()
    {
        ProxyOptions options = SessionLab.Options();
        options = options with
        {
            Listeners = [options.Listeners[0] with { Users = [new UserOptions { Username = "app", Password = "secret" }] }],
        };
        await using SessionLab before = await SessionLab.StartAsync(options);
        await using SessionLab after = await SessionLab.StartAsync(options);
        await before.ServeFirstAsync();
        await after.ShowAsync(Availability.Available, 7, before.First);
        RawClient client = await before.ConnectAsync();
        await client.SendAsync(Requests.Get);
        await client.ExpectAsync("-NOAUTH Authentication required.\r\n");
        await before.MoveAsync(after);
        await client.SendAsync(Requests.Get + Requests.Of("AUTH", "app", "secret"));
        await client.ExpectAsync("-NOAUTH Authentication required.\r\n+OK\r\n");
        RawClient backend = await after.AcceptAsync(before.First);
        await (client, backend).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    [PassageFact]
    public async Task Session_OnASharedLink_GoesWithoutItAndSharesOneThere()
    {
        await using SessionLab before = await SharingScene.StartAsync();
        await using SessionLab after = await SharingScene.StartAsync();
        (RawClient client, RawClient link) = await SharingScene.JoinFirstAsync(before);
        await after.ShowAsync(Availability.Available, 7, before.First);
        await (client, link).ExchangeAsync(SetA, "+OK\r\n");
        long received = (await before.SnapshotsAsync())[0].ReceivedBytes;
        await client.SendAsync(Requests.Get[..10]);
        await Eventually.Within(
            TimeSpan.FromSeconds(10),
            async () => (await before.SnapshotsAsync())[0].ReceivedBytes == received + 10,
            "a part of its next request was received");
        await before.MoveAsync(after);
        await client.SendAsync(Requests.Get[10..]);
        RawClient next = await SharingScene.AcceptSharedAsync(after, before.First);
        await (client, next).ServeAsync(Requests.Get, "$1\r\n1\r\n");
    }

    [PassageFact]
    public async Task Session_OfUnframedReplies_OrWithoutItsClient_DoesNotGo()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await before.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Requests.Of("MONITOR"), "+OK\r\n");
        RawClient other = await before.ConnectAsync();
        await other.SendAsync(BlPop);
        await (await before.AcceptAsync(before.First)).ExpectAsync(BlPop);
        other.HalfClose();
        await Eventually.Within(TimeSpan.FromSeconds(10), async () => await before.CountTakenAsync(tries: 20) == 0, "none goes");
        await backend.SendAsync("+line\r\n");
        await client.ExpectAsync("+line\r\n");
        Assert.Equal(1, (await before.ForgetTakingAsync())[(int)StayReason.Unframed]);
    }

    [PassageFact]
    public async Task Session_WithTooMuchUnanswered_WaitsForAMomentAndGoesWhenItIsLess()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await ConnectAsync(before, after);
        string large = string.Concat(Enumerable.Repeat(Requests.Get, PassageLimit.MaxRequests));
        await client.SendAsync(large);
        Assert.Equal(large, await backend.ReadExactlyAsync(large.Length));
        Assert.Equal(0, await before.CountTakenAsync(tries: 9));
        await client.SendAsync(Requests.Get);
        string replies = string.Concat(Enumerable.Repeat("$-1\r\n", PassageLimit.MaxRequests));
        await backend.SendAsync(replies);
        await client.ExpectAsync(replies);
        Assert.Equal("", backend.Pending);
        await before.MoveAsync(after);
        await (client, backend).ServeAsync(Requests.Get, "$-1\r\n");
    }

    /// <summary>Both serve the same master; the second one counts other generations.</summary>
    private static async Task<(RawClient Client, RawClient Backend)> ConnectAsync(SessionLab before, SessionLab after)
    {
        (RawClient client, RawClient backend) = await before.ConnectPairAsync();
        await after.ShowAsync(Availability.Available, 7, before.First);
        return (client, backend);
    }
}
