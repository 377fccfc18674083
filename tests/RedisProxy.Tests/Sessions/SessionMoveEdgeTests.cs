using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>Sessions that go to another process at a bad moment, or are sent back by it.</summary>
public sealed class SessionMoveEdgeTests
{
    [PassageFact]
    public Task Session_ThatReturns_IsServedEvenIfItsPlaceIsTaken() => ReturnAsync(maxSessions: 1, maxPerAddress: 0);

    [PassageFact]
    public Task Session_ThatReturns_IsServedEvenIfItsAddressHasNoPlaceLeft() => ReturnAsync(maxSessions: 10, maxPerAddress: 1);

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
