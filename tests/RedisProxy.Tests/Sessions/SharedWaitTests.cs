using RedisProxy.Testing;

using static RedisProxy.Tests.Sessions.Requests;
using static RedisProxy.Tests.Sessions.SharingScene;

namespace RedisProxy.Tests.Sessions;

/// <summary>
/// WAIT of a session that shares a link: it speaks of its connection's own writes, so the connection that it goes to has to count those of
/// the session as its own.
/// </summary>
public sealed class SharedWaitTests
{
    private static readonly string Wait = Of("WAIT", "1", "0");

    [Fact]
    public async Task Wait_FollowsAMark_EachTime_AndTheSessionComesBack()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient link) = await JoinFirstAsync(lab);
        await client.SendAsync(Set + Wait);
        await link.ExpectAsync(Set);
        Assert.False(lab.First.HasPendingConnection);
        await link.SendAsync(Ok);
        RawClient own = await AcceptMarkedAsync(lab);
        await own.ExpectAsync(Wait);
        await own.SendAsync(":1\r\n");
        await client.ExpectAsync(Ok + ":1\r\n");

        await ReturnedAsync(lab);
        await client.SendAsync(Set);
        await link.ExpectAsync(Set);
        await link.SendAsync(Ok);
        await client.ExpectAsync(Ok);
        await client.SendAsync(Wait);
        await own.ExpectAsync(Mark);
        await own.SendAsync(":0\r\n");
        await own.ExpectAsync(Wait);
    }

    /// <summary>Whatever the session had to leave its shared link for.</summary>
    [Theory]
    [InlineData("CLIENT ID", ":7\r\n")]
    [InlineData("BLPOP l 1", "*-1\r\n")]
    [InlineData("NOSUCH", "-ERR unknown command 'NOSUCH'\r\n")]
    [InlineData("WATCH k", "+OK\r\n")]
    [InlineData("CLIENT TRACKING on", "+OK\r\n")]
    public async Task Wait_BehindAnotherReasonForALinkOfItsOwn_SpeaksOfTheWritesToo(string request, string reply)
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient link) = await JoinFirstAsync(lab);
        await (client, link).ExchangeAsync(Set, Ok);
        string first = Of(request.Split(' '));
        await client.SendAsync(first + Wait);
        RawClient own = await AcceptMarkedAsync(lab);
        Assert.Equal(first + Wait, await own.ReadExactlyAsync(first.Length + Wait.Length));
        await own.SendAsync(reply + ":1\r\n");
        await client.ExpectAsync(reply + ":1\r\n");
    }

    [Fact]
    public async Task Wait_OfWhoHasWrittenNothing_NeedsNoMark()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, _) = await JoinFirstAsync(lab);
        await client.SendAsync(Wait);
        RawClient own = await AcceptOwnAsync(lab);
        await own.ExpectAsync(Wait);
    }

    [Fact]
    public async Task MarkThatIsRefused_NoReplicaIsKnown_AndTheSessionKeepsALinkOfItsOwn()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient link) = await JoinFirstAsync(lab);
        await (client, link).ExchangeAsync(Set, Ok);
        await client.SendAsync(Wait);
        RawClient own = await lab.AcceptAsync(lab.First);
        await own.ExpectAsync(Mark);
        await own.SendAsync("-NOPERM User default has no permissions to access the 'redisproxy:mark' channel\r\n");
        await client.ExpectAsync(":0\r\n");

        // From now on everything is written on its own connection, so WAIT there says what it would say without a proxy.
        await client.SendAsync(Set);
        await own.ExpectAsync(Set);
        await own.SendAsync(Ok);
        await client.ExpectAsync(Ok);
        await client.SendAsync(Wait);
        await own.ExpectAsync(Wait);
        await own.SendAsync(":1\r\n");
        await client.ExpectAsync(":1\r\n");
        Assert.Equal("", link.Pending);
    }
}
