using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>CLIENT TRACKING: a client's cache that lives from its backend's invalidations.</summary>
public sealed class TrackingTests
{
    private const string Hello3 = "%1\r\n+server\r\n+redis\r\n";
    private const string InvalidateAll = ">2\r\n$10\r\ninvalidate\r\n_\r\n";

    private static readonly string Tracking = Requests.Of("CLIENT", "TRACKING", "ON", "OPTIN");

    [Fact]
    public async Task Cache_IsEmptiedFirstAndTrackingIsReplayed()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("HELLO", "3") + Tracking, Hello3 + "+OK\r\n");
        await client.SendAsync(Requests.Set);
        await first.ExpectAsync(Requests.Set);
        await lab.ServeSecondAsync();
        await client.ExpectAsync(InvalidateAll + Requests.Unknown);
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("HELLO", "3") + Tracking);
        await second.SendAsync(Hello3 + "+OK\r\n");
        await (client, second).ExchangeAsync(Requests.Get, ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n_\r\n");
    }

    [Fact]
    public async Task Prefixes_AddUpUntilTrackingEnds()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string a = Requests.Of("CLIENT", "TRACKING", "on", "BCAST", "PREFIX", "a");
        string b = Requests.Of("CLIENT", "TRACKING", "on", "BCAST", "PREFIX", "b");
        await (client, first).ExchangeAsync(
            Tracking + Requests.Of("CLIENT", "TRACKING", "off") + Requests.Of("HELLO", "3") + a + b,
            "+OK\r\n+OK\r\n" + Hello3 + "+OK\r\n+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        string replayed = (a + b).Replace("$6\r\nCLIENT", "$6\r\nCLIENT", StringComparison.Ordinal);
        await second.ExpectAsync(Requests.Of("HELLO", "3") + replayed);
    }

    [Fact]
    public async Task CacheOfPrefixes_IsEmptiedAgainWhenTrackingIsOn()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string broadcast = Requests.Of("CLIENT", "TRACKING", "on", "bcast");
        await (client, first).ExchangeAsync(Requests.Of("HELLO", "3") + broadcast, Hello3 + "+OK\r\n");
        await lab.ServeSecondAsync();
        await client.ExpectAsync(InvalidateAll);
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("HELLO", "3") + Requests.Of("CLIENT", "TRACKING", "on", "bcast"));

        // Other connections of the client may have read from the new master meanwhile.
        const string Invalidation = ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n";
        await second.SendAsync(Hello3 + "+OK\r\n" + Invalidation);
        await client.ExpectAsync(InvalidateAll + Invalidation);
    }

    [Fact]
    public async Task Caching_IsReplayedForTheRequestThatItIsAbout()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string caching = Requests.Of("CLIENT", "CACHING", "YES");
        await (client, first).ExchangeAsync(
            Requests.Of("HELLO", "3") + Tracking + caching + Requests.Get + caching, Hello3 + "+OK\r\n+OK\r\n_\r\n+OK\r\n");
        await client.SendAsync(Requests.Get);
        await first.ExpectAsync(Requests.Get);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("HELLO", "3") + Tracking + caching);
        await second.SendAsync(Hello3 + "+OK\r\n+OK\r\n");
        await second.ExpectAsync(Requests.Get);
        await second.SendAsync("_\r\n");
        await client.ExpectAsync(InvalidateAll + "_\r\n");
        await lab.ShowAsync(RedisProxy.Topology.Availability.Available, 3, lab.First);
        RawClient third = await lab.AcceptAsync(lab.First);
        await third.ExpectAsync(Requests.Of("HELLO", "3") + Tracking);
    }
}
