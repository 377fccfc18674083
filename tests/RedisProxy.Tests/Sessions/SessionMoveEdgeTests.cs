using System.Diagnostics;

using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>Sessions that go to another process at a bad moment, or are sent back by it.</summary>
public sealed class SessionMoveEdgeTests
{
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
        await lab.ForgetTakingAsync();
    }

    [PassageFact]
    public async Task Pop_HeldByAFailover_GoesAsLateAsItWouldHave()
    {
        await using SessionLab before = await SessionLab.StartAsync();
        await using SessionLab after = await SessionLab.StartAsync();
        (RawClient client, _) = await before.ConnectPairAsync();
        await client.SendAsync(Requests.Get);
        long since = Stopwatch.GetTimestamp();
        await before.ServeSecondAsync();
        await after.ShowAsync(Availability.Available, 7, before.Second);
        RawClient second = await before.AcceptAsync(before.Second);
        await client.SendAsync(BlPop);
        await second.ExpectAsync(Requests.Get);
        await second.SendAsync("$-1\r\n");
        await client.ExpectAsync("$-1\r\n");
        await before.MoveAsync(after);
        await second.ExpectAsync(BlPop);
        Assert.True(Stopwatch.GetElapsedTime(since) >= TimeSpan.FromMilliseconds(240));
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
