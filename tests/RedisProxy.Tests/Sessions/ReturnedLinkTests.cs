using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>A session that shares links had one of its own for a while, and goes on without it.</summary>
public sealed class ReturnedLinkTests
{
    private const string Ping = "*1\r\n$4\r\nPING\r\n";
    private const string Get = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";

    [Fact]
    public async Task OwnLink_NotNeededAnyMore_IsSharedAndItsSessionIsServedOnIt()
    {
        await using SessionLab lab = await SessionLab.StartAsync(SessionLab.SharingOptions());
        (RawClient client, RawClient backend) = await TakeOwnLinkAsync(lab);
        await Eventually.Within(
            TimeSpan.FromSeconds(10), async () => await lab.CountLinkedAsync() == 0, "the idle session has given its link back");
        await client.SendAsync(Get);
        await backend.ExpectAsync(Get);
        await backend.SendAsync("$1\r\nv\r\n");
        await client.ExpectAsync("$1\r\nv\r\n");
    }

    [Fact]
    public async Task OwnLink_KeptForLater_ServesAnotherSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync(SessionLab.SharingOptions());
        (RawClient client, _) = await TakeOwnLinkAsync(lab);
        (RawClient second, RawClient kept) = await TakeOwnLinkAsync(lab);
        await Eventually.Within(
            TimeSpan.FromSeconds(10), async () => await lab.CountLinkedAsync() == 0, "both have given their links back");
        await client.SendAsync("WATCH k\r\n");
        await kept.ExpectAsync(Ping);
        await kept.SendAsync("+PONG\r\n");
        await kept.ExpectAsync("WATCH k\r\n");
        await kept.SendAsync("+OK\r\n");
        await client.ExpectAsync("+OK\r\n");
        Assert.False(lab.First.HasPendingConnection);
        await second.SendAsync("PING\r\n");
        RawClient another = await lab.AcceptAsync(lab.First);
        await another.ExpectAsync(Ping);
    }

    [Fact]
    public async Task Name_ThatTheProxyKeptBeforeTheSessionHadItsOwnLink_IsNotAskedOfTheServer()
    {
        await using SessionLab lab = await SessionLab.StartAsync(SessionLab.SharingOptions());
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync("PING\r\n*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$3\r\nour\r\nPING\r\n");
        RawClient backend = await lab.AcceptAsync(lab.First);
        await backend.ExpectAsync(Ping);
        await backend.SendAsync("+PONG\r\n");
        await backend.ExpectAsync("PING\r\nPING\r\n");
        await backend.SendAsync("+PONG\r\n");
        await client.ExpectAsync("+PONG\r\n+OK\r\n");
        await client.SendAsync("*2\r\n$6\r\nCLIENT\r\n$7\r\nGETNAME\r\n");
        await backend.SendAsync("+PONG\r\n");
        await client.ExpectAsync("+PONG\r\n$3\r\nour\r\n");
    }

    // Its lane would not send more before its replies are read, and the client would not read before all is sent.
    [Fact]
    public async Task PipelineThatIsFarAhead_GetsALinkOfItsOwn()
    {
        await using SessionLab lab = await SessionLab.StartAsync(SessionLab.SharingOptions());
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Get);
        RawClient shared = await lab.AcceptAsync(lab.First);
        await shared.ReadUntilAsync("redisproxy-shared\r\n");
        await shared.SendAsync("+PONG\r\n+OK\r\n");
        await client.SendAsync(string.Concat(Enumerable.Repeat(Get, 10_000)));
        _ = AnswerAsync(shared);
        RawClient own = await lab.AcceptAsync(lab.First);
        Assert.Equal(Ping, await own.ReadExactlyAsync(Ping.Length));
        await own.SendAsync("+PONG\r\n");
        _ = AnswerAsync(own);
        await client.ExpectAsync(string.Concat(Enumerable.Repeat("$1\r\nv\r\n", 10_001)));
    }

    // Its link already has what it asks for, so it stays; what it sends behind that goes when that is answered.
    [Fact]
    public async Task SelectOnASharedLink_IsSentAndWhatFollowsToo()
    {
        const string Select = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n";
        await using SessionLab lab = await SessionLab.StartAsync(SessionLab.SharingOptions());
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Get);
        RawClient shared = await lab.AcceptAsync(lab.First);
        await shared.ReadUntilAsync("redisproxy-shared\r\n");
        await shared.SendAsync("+PONG\r\n+OK\r\n");
        for (int i = 0; i < 3; i++)
        {
            await shared.ExpectAsync(Get);
            await shared.SendAsync("$1\r\nv\r\n");
            await client.ExpectAsync("$1\r\nv\r\n");
            await client.SendAsync(Select);
            await shared.ExpectAsync(Select);
            await client.SendAsync(Get);
            await shared.SendAsync("+OK\r\n");
            await client.ExpectAsync("+OK\r\n");
        }
    }

    private static async Task AnswerAsync(RawClient backend)
    {
        while (true)
        {
            Assert.Equal(Get, await backend.ReadExactlyAsync(Get.Length));
            await backend.SendAsync("$1\r\nv\r\n");
        }
    }

    // An inline request is not for a shared link.
    private static async Task<(RawClient Client, RawClient Backend)> TakeOwnLinkAsync(SessionLab lab)
    {
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync("PING\r\n");
        RawClient backend = await lab.AcceptAsync(lab.First);
        await backend.ExpectAsync(Ping);
        await backend.SendAsync("+PONG\r\n");
        await backend.ExpectAsync("PING\r\n");
        await backend.SendAsync("+PONG\r\n");
        await client.ExpectAsync("+PONG\r\n");
        return (client, backend);
    }
}
