using RedisProxy.Testing;

using static RedisProxy.Tests.Sessions.Requests;
using static RedisProxy.Tests.Sessions.SharingScene;

namespace RedisProxy.Tests.Sessions;

/// <summary>Sessions that share a link: who gets which bytes, and when a session has a link of its own.</summary>
public sealed class SharingTests
{
    private const string Queued = "+QUEUED\r\n";

    private static readonly string Pop = Of("BLPOP", "list", "0");
    private static readonly string WholeTransaction = Multi + Set + Exec;

    [Fact]
    public async Task IdleClients_HaveNoConnection()
    {
        await using SessionLab lab = await StartAsync();
        RawClient client = await lab.ConnectAsync();
        Assert.Equal("+OK\r\n", await AskAsync(client, Of("CLIENT", "SETNAME", "me"), 5));
        Assert.Equal("$2\r\nme\r\n", await AskAsync(client, Of("CLIENT", "GETNAME"), 8));
        Assert.False(lab.First.HasPendingConnection);
        Assert.Equal("+OK\r\n", await AskAsync(client, Of("QUIT"), 5));
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
        Assert.False(lab.First.HasPendingConnection);
    }

    [Fact]
    public async Task ClientWithoutASubcommand_IsRefusedByTheServer()
    {
        const string Refusal = "-ERR wrong number of arguments for 'client' command\r\n";
        await using SessionLab lab = await StartAsync();
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Of("CLIENT"));
        RawClient own = await AcceptOwnAsync(lab);
        await own.ExpectAsync(Of("CLIENT"));
        await own.SendAsync(Refusal);
        await client.ExpectAsync(Refusal);
    }

    [Fact]
    public async Task ClientThatIsIdle_GivesItsShareUp_AndTheLinkStaysForTheNextRequest()
    {
        var time = new FakeTimeProvider();
        await using SessionLab lab = await StartAsync(time: time);
        (RawClient idle, RawClient link) = await JoinFirstAsync(lab);
        RawClient waiting = await lab.ConnectAsync();
        await waiting.SendAsync(Get);
        await link.ExpectAsync(Get);

        // One that is owed a reply keeps its share, however long that takes.
        await PassAsync(seconds: 11);
        Assert.Equal(1, await lab.CountLinkedAsync());
        await link.SendAsync("$1\r\nw\r\n");
        await waiting.ExpectAsync("$1\r\nw\r\n");
        await PassAsync(seconds: 11);
        Assert.Equal(0, await lab.CountLinkedAsync());

        await idle.SendAsync(Get);
        await link.ExpectAsync(Get);
        await link.SendAsync("$1\r\ni\r\n");
        await idle.ExpectAsync("$1\r\ni\r\n");
        Assert.False(lab.First.HasPendingConnection);

        await PassAsync(seconds: 50);
        await idle.SendAsync(Get);
        await link.ExpectAsync(Get);
        await link.SendAsync("$1\r\nj\r\n");
        await idle.ExpectAsync("$1\r\nj\r\n");
        await PassAsync(seconds: 75);
        Assert.Equal("", (await link.ReadToEndAsync()).Rest);
        Assert.Equal(0, lab.Counters.Ended.Sum());

        async Task PassAsync(int seconds)
        {
            for (int i = 0; i < seconds; i++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                await lab.Loop.InvokeAsync(static () => true);
            }
        }
    }

    [Fact]
    public async Task ClientsOfOneIdentity_ShareAConnection_AndEachGetsItsReply()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        RawClient b = await lab.ConnectAsync();
        await a.SendAsync(Get + Of("GET", "a2"));
        await link.ExpectAsync(Get + Of("GET", "a2"));
        await b.SendAsync(Of("GET", "b"));
        await link.ExpectAsync(Of("GET", "b"));
        await link.SendAsync("$1\r\n1\r\n$");
        await a.ExpectAsync("$1\r\n1\r\n");
        await link.SendAsync("1\r\n2\r\n*2\r\n:3\r\n$-1\r\n");
        await a.ExpectAsync("$1\r\n2\r\n");
        await b.ExpectAsync("*2\r\n:3\r\n$-1\r\n");
        Assert.False(lab.First.HasPendingConnection);
    }

    [Fact]
    public async Task Transaction_Whole_GoesInOnePiece()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        await a.SendAsync(WholeTransaction + Get);
        await link.ExpectAsync(WholeTransaction + Get);
        await link.SendAsync(Ok + Queued + "*1\r\n+OK\r\n" + "$-1\r\n");
        await a.ExpectAsync(Ok + Queued + "*1\r\n+OK\r\n" + "$-1\r\n");
        Assert.False(lab.First.HasPendingConnection);
    }

    [Theory]
    [InlineData("transaction")]
    [InlineData("watch")]
    [InlineData("pop")]
    [InlineData("subscription")]
    [InlineData("inline")]
    [InlineData("unknown")]
    [InlineData("id")]
    public async Task WhatNeedsIt_GoesToAConnectionOfItsOwn_AfterWhatWasBefore(string kind)
    {
        string request = kind switch
        {
            "transaction" => Multi,
            "watch" => Watch,
            "pop" => Pop,
            "subscription" => Of("SUBSCRIBE", "c"),
            "inline" => "GET k\r\n",
            "unknown" => Of("NOSUCH"),
            _ => Of("CLIENT", "ID"),
        };
        await using SessionLab lab = await StartAsync();
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        RawClient b = await lab.ConnectAsync();
        await a.SendAsync(Set + request);
        await link.ExpectAsync(Set);
        Assert.False(lab.First.HasPendingConnection);
        await link.SendAsync(Ok);
        RawClient own = await AcceptMarkedAsync(lab);
        await own.ExpectAsync(request);
        await a.ExpectAsync(Ok);

        await b.SendAsync(Get);
        await link.ExpectAsync(Get);
        await link.SendAsync("$-1\r\n");
        await b.ExpectAsync("$-1\r\n");
    }

    [Fact]
    public async Task Transaction_InPieces_ReturnsToTheSharedConnection()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        await a.SendAsync(Multi);
        RawClient own = await AcceptOwnAsync(lab);
        await own.ExpectAsync(Multi);
        await own.SendAsync(Ok);
        await a.ExpectAsync(Ok);
        await a.SendAsync(Set + Exec);
        await own.ExpectAsync(Set + Exec);
        await own.SendAsync(Queued + "*1\r\n+OK\r\n");
        await a.ExpectAsync(Queued + "*1\r\n+OK\r\n");
        await ReturnedAsync(lab);
        await a.SendAsync(Get);
        await link.ExpectAsync(Get);

        // The connection waits for the next one who needs it, and proves that it is still there.
        await link.SendAsync("$-1\r\n");
        await a.ExpectAsync("$-1\r\n");
        await a.SendAsync(Pop);
        await own.ExpectAsync(Mark);
        await own.SendAsync(":0\r\n");
        await own.ExpectAsync(Pop);
        Assert.False(lab.First.HasPendingConnection);
    }

    [Fact]
    public async Task AfterAnUnknownCommand_ItsConnectionIsNobodyElses()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient a, _) = await JoinFirstAsync(lab);
        await a.SendAsync(Of("NOSUCH"));
        RawClient own = await AcceptOwnAsync(lab);
        await own.ExpectAsync(Of("NOSUCH"));
        await own.SendAsync("-ERR unknown command\r\n");
        await a.ExpectAsync("-ERR unknown command\r\n");
        long sweptAtMs = lab.Loop.NowMs + 300;
        while (lab.Loop.NowMs < sweptAtMs)
        {
            await a.SendAsync(Get);
            await own.ExpectAsync(Get);
            await own.SendAsync("$-1\r\n");
            await a.ExpectAsync("$-1\r\n");
        }

        a.Dispose();
        Assert.Equal("", (await own.ReadToEndAsync()).Rest);
    }

    [Fact]
    public async Task Select_GoesToTheLinkOfThatDatabase_OrAsksOnAConnectionOfItsOwn()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        await a.SendAsync(Of("SELECT", "3") + Get);
        RawClient own = await AcceptOwnAsync(lab);
        await own.ExpectAsync(Of("SELECT", "3") + Get);

        // It becomes the shared link of that database.
        await own.SendAsync(Ok + "$1\r\n3\r\n");
        await a.ExpectAsync(Ok + "$1\r\n3\r\n");
        RawClient b = await lab.ConnectAsync();
        await b.SendAsync(Get);
        await link.ExpectAsync(Get);
        await link.SendAsync("$1\r\n0\r\n");
        await b.ExpectAsync("$1\r\n0\r\n");
        await b.SendAsync(Of("SELECT", "3") + Get);
        await own.ExpectAsync(Of("SELECT", "3"));
        await own.SendAsync(Ok);
        await own.ExpectAsync(Get);
        await own.SendAsync("$1\r\n3\r\n");
        await b.ExpectAsync(Ok + "$1\r\n3\r\n");
        Assert.False(lab.First.HasPendingConnection);
    }

    [Fact]
    public async Task Credentials_AreJudgedByTheServerEachTime()
    {
        await using SessionLab lab = await StartAsync();
        await lab.ServeFirstAsync();
        string auth = Of("AUTH", "u", "p");
        RawClient a = await lab.ConnectAsync();
        await a.SendAsync(auth + Get);
        RawClient link = await AcceptOwnAsync(lab);
        await link.ExpectAsync(auth + Get);
        await link.SendAsync(Ok + "$1\r\nu\r\n");
        await a.ExpectAsync(Ok + "$1\r\nu\r\n");

        // The same credentials: never asked on the link that others share, because a refusal may have no reply.
        RawClient b = await lab.ConnectAsync();
        await b.SendAsync(auth + Get);
        RawClient own = await AcceptOwnAsync(lab);
        await own.ExpectAsync(auth + Get);
        await own.SendAsync("-WRONGPASS changed meanwhile\r\n-NOAUTH Authentication required.\r\n");
        await b.ExpectAsync("-WRONGPASS changed meanwhile\r\n-NOAUTH Authentication required.\r\n");
        RawClient accepted = await lab.ConnectAsync();
        await accepted.SendAsync(auth);
        own = await AcceptOwnAsync(lab);
        await own.ExpectAsync(auth);
        await own.SendAsync(Ok);
        await accepted.ExpectAsync(Ok);
        await accepted.SendAsync(Get);
        await link.ExpectAsync(Get);
        await link.SendAsync("$1\r\nu\r\n");
        await accepted.ExpectAsync("$1\r\nu\r\n");

        // Who knows only the name is another one.
        RawClient c = await lab.ConnectAsync();
        await c.SendAsync(Of("AUTH", "u", "q"));
        Assert.Equal("", link.Pending);
    }
}
