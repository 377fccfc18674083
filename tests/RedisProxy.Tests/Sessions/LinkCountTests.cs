using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>What operators see of links that sessions share.</summary>
public sealed class LinkCountTests
{
    // Together they send more than the kernel takes for one connection.
    private const int Senders = 128;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly string Pop = Requests.Of("BLPOP", "q", "0");

    [Fact]
    public async Task Sessions_OfASharedListener_AreCountedByTheKindOfTheirLink()
    {
        await using SessionLab lab = await StartAsync(links: 1);
        await lab.ServeFirstAsync();
        RawClient a = await lab.ConnectAsync();
        RawClient b = await lab.ConnectAsync();
        RawClient idle = await lab.ConnectAsync();
        RawClient shared = await ShareAsync(lab, a);
        await b.SendAsync(Requests.Get);
        await shared.ExpectAsync(Requests.Get);
        await lab.CountPendingAsync();
        Assert.Equal((1, 0, 0), LinksOf(lab));
        Assert.Equal((2, 0, 1), SessionsOf(lab));
        Assert.Equal((2, 0), (lab.Counters.LinkOwed, lab.Counters.LinkQueued));

        await shared.SendAsync("$1\r\nx\r\n$1\r\ny\r\n");
        await a.ExpectAsync("$1\r\nx\r\n");
        await b.ExpectAsync("$1\r\ny\r\n");
        await idle.SendAsync(Pop);
        RawClient own = await lab.AcceptAsync(lab.First);
        await own.ExpectAsync(Requests.Of("PING"));
        await own.SendAsync("+PONG\r\n");
        await own.ExpectAsync(Pop);
        await lab.CountPendingAsync();
        Assert.Equal((1, 1, 0), LinksOf(lab));
        Assert.Equal((2, 1, 0), SessionsOf(lab));
        Assert.Equal(0, lab.Counters.LinkOwed);
        Assert.Equal(
            ["Shared None", "Shared None", "Dedicated Blocking"],
            (await lab.SnapshotsAsync()).Select(static session => $"{session.Link} {session.DedicatedFor}"));

        await own.SendAsync("*-1\r\n");
        await idle.ExpectAsync("*-1\r\n");
        await EventuallyCountedAsync(lab, () => LinksOf(lab) == (1, 0, 1), "the connection is kept for the next session");
        Assert.Equal((2, 0, 1), SessionsOf(lab));
        Assert.Equal((1, 1), (lab.Counters.Dedicated[(int)DedicatedReason.Blocking], lab.Counters.Dedicated.Sum()));
    }

    [Fact]
    public async Task Link_ThatTheServerDoesNotRead_HasAQueue()
    {
        await using SessionLab lab = await StartAsync(links: 1);
        await lab.ServeFirstAsync();
        RawClient shared = await ShareAsync(lab, await lab.ConnectAsync());
        await shared.SendAsync("$1\r\nx\r\n");
        string requests = string.Concat(Enumerable.Repeat(Requests.Of("SET", "k", new string('v', 8000)), 7));
        for (int i = 0; i < Senders; i++)
        {
            await (await lab.ConnectAsync()).SendAsync(requests);
        }

        await EventuallyCountedAsync(
            lab,
            () => lab.Counters is { LinkQueued: > Senders / 4, LinkOwed: > Senders },
            "who has more to send than the kernel takes waits for its turn");
    }

    [Fact]
    public async Task Sessions_WithLinksOfTheirOwn_AreNotCountedAsDedicated()
    {
        await using SessionLab lab = await StartAsync(links: 0);
        (RawClient _, RawClient _) = await lab.ConnectPairAsync();
        await lab.CountPendingAsync();
        Assert.Equal((0, 0, 0), LinksOf(lab));
        Assert.Equal((0, 0, 0), SessionsOf(lab));
        Assert.Equal(0, lab.Counters.Dedicated.Sum());
        SessionSnapshot session = Assert.Single(await lab.SnapshotsAsync());
        Assert.Equal((null, DedicatedReason.None), (session.Link, session.DedicatedFor));
    }

    private static Task<SessionLab> StartAsync(int links)
    {
        ListenerOptions listener = SessionLab.Options().Listeners[0];
        return SessionLab.StartAsync(SessionLab.Options(listener with { Multiplex = new MultiplexOptions { Links = links } }));
    }

    // The first session connects for all.
    private static async Task<RawClient> ShareAsync(SessionLab lab, RawClient client)
    {
        await client.SendAsync(Requests.Get);
        RawClient shared = await lab.AcceptAsync(lab.First);
        await shared.ExpectAsync(Requests.Of("PING") + Requests.Of("CLIENT", "SETNAME", "redisproxy-shared"));
        await shared.SendAsync("+PONG\r\n+OK\r\n");
        await shared.ExpectAsync(Requests.Get);
        return shared;
    }

    private static Task EventuallyCountedAsync(SessionLab lab, Func<bool> condition, string what) => Eventually.Within(
        Patience,
        async () =>
        {
            await lab.CountPendingAsync();
            return condition();
        },
        what);

    private static (long Shared, long Dedicated, long Kept) LinksOf(SessionLab lab) => (
        Of(lab.Counters.LinksNow, LinkKind.Shared),
        Of(lab.Counters.LinksNow, LinkKind.Dedicated),
        Of(lab.Counters.LinksNow, LinkKind.Kept));

    private static (long Shared, long Dedicated, long None) SessionsOf(SessionLab lab) => (
        Of(lab.Counters.LinkSessions, LinkKind.Shared),
        Of(lab.Counters.LinkSessions, LinkKind.Dedicated),
        Of(lab.Counters.LinkSessions, LinkKind.None));

    private static long Of(long[] counts, LinkKind kind) => counts[(int)kind];
}
