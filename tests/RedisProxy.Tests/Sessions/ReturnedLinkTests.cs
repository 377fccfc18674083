using RedisProxy.Testing;

using static RedisProxy.Tests.Sessions.Requests;
using static RedisProxy.Tests.Sessions.SharingScene;

namespace RedisProxy.Tests.Sessions;

/// <summary>A session that shares links had one of its own for a while, and goes on without it.</summary>
public sealed class ReturnedLinkTests
{
    [Fact]
    public async Task OwnLink_NotNeededAnyMore_IsSharedAndItsSessionIsServedOnIt()
    {
        await using SessionLab lab = await StartAsync();
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
        await using SessionLab lab = await StartAsync();
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

    /// <summary>It is in the state of nobody, and is only asked whether it is still there.</summary>
    [Theory]
    [InlineData("MULTI")]
    [InlineData("CLIENT NO-EVICT on")]
    [InlineData("CLIENT NO-TOUCH on")]
    [InlineData("READONLY")]
    [InlineData("CLIENT TRACKING on BCAST PREFIX a")]
    [InlineData("CLIENT TRACKING on")]
    public async Task OwnLink_KeptForLater_IsNotForASessionWithStateToReplay(string change)
    {
        string request = Of(change.Split(' '));
        await using SessionLab lab = await StartAsync();
        (RawClient other, _) = await JoinFirstAsync(lab);
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(request);
        RawClient own = await AcceptOwnAsync(lab);
        await own.ExpectAsync(request);
        await own.SendAsync(Ok);
        await client.ExpectAsync(Ok);
        await other.SendAsync("PING\r\n");
        RawClient kept = await AcceptOwnAsync(lab);
        await kept.ExpectAsync("PING\r\n");
        await kept.SendAsync("+PONG\r\n");
        await other.ExpectAsync("+PONG\r\n");
        await Eventually.Within(
            TimeSpan.FromSeconds(10), async () => await lab.CountDedicatedAsync() == 1, "the other session has given its link back");

        own.Dispose();
        await Eventually.Within(
            TimeSpan.FromSeconds(10), async () => await lab.CountDedicatedAsync() == 0, "the session has noticed that its link is lost");
        await lab.ServeFirstAsync();
        RawClient next = await lab.AcceptAsync(lab.First);
        Assert.Equal(request, await next.ReadExactlyAsync(request.Length));
    }

    [Fact]
    public async Task Name_ThatTheProxyKeptBeforeTheSessionHadItsOwnLink_IsNotAskedOfTheServer()
    {
        await using SessionLab lab = await StartAsync();
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync("PING\r\n*3\r\n$6\r\nCLIENT\r\n$7\r\nSETNAME\r\n$3\r\nour\r\nPING\r\n");
        RawClient backend = await AcceptOwnAsync(lab);
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
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient shared) = await JoinFirstAsync(lab);
        await client.SendAsync(string.Concat(Enumerable.Repeat(Get, 10_000)));
        _ = AnswerAsync(shared);
        RawClient own = await lab.AcceptAsync(lab.First);
        Assert.Equal(Ping, await own.ReadExactlyAsync(Ping.Length));
        await own.SendAsync("+PONG\r\n");
        _ = AnswerAsync(own);
        await client.ExpectAsync(string.Concat(Enumerable.Repeat("$1\r\nv\r\n", 10_000)));
    }

    // Its link already has what it asks for, so it stays; what it sends behind that goes when that is answered.
    [Fact]
    public async Task SelectOnASharedLink_IsSentAndWhatFollowsToo()
    {
        string select = Of("SELECT", "0");
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient shared) = await JoinFirstAsync(lab);
        for (int i = 0; i < 3; i++)
        {
            await client.SendAsync(select);
            await shared.ExpectAsync(select);
            await client.SendAsync(Get);
            await shared.SendAsync("+OK\r\n");
            await client.ExpectAsync("+OK\r\n");
            await shared.ExpectAsync(Get);
            await shared.SendAsync("$1\r\nv\r\n");
            await client.ExpectAsync("$1\r\nv\r\n");
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
        RawClient backend = await AcceptOwnAsync(lab);
        await backend.ExpectAsync("PING\r\n");
        await backend.SendAsync("+PONG\r\n");
        await client.ExpectAsync("+PONG\r\n");
        return (client, backend);
    }
}
