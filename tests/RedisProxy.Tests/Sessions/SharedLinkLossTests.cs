using RedisProxy.Testing;
using RedisProxy.Topology;

using static RedisProxy.Tests.Sessions.Requests;
using static RedisProxy.Tests.Sessions.SharingScene;

namespace RedisProxy.Tests.Sessions;

/// <summary>Sessions that share a link, when the link or one of them is lost or misbehaves.</summary>
public sealed class SharedLinkLossTests
{
    private static readonly string WholeTransaction = Multi + Set + Exec;

    [Fact]
    public async Task LostLink_EachRequestIsSettledForItsOwnSession()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        RawClient b = await lab.ConnectAsync();
        await a.SendAsync(Set);
        await link.ExpectAsync(Set);
        await b.SendAsync(Get);
        await link.ExpectAsync(Get);
        link.Reset();
        await a.ExpectAsync(Unknown);
        await lab.ServeSecondAsync();
        RawClient next = await AcceptSharedAsync(lab, lab.Second);
        await next.ExpectAsync(Get);
        await next.SendAsync("$-1\r\n");
        await b.ExpectAsync("$-1\r\n");
        await a.SendAsync(Get);
        await next.ExpectAsync(Get);
    }

    [Fact]
    public async Task RefusedByAReplica_AllGoToTheNewMaster_EachInItsOrder()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        RawClient b = await lab.ConnectAsync();
        await a.SendAsync(Set + Of("SET", "a", "2"));
        await link.ExpectAsync(Set + Of("SET", "a", "2"));
        await b.SendAsync(Of("SET", "b", "1"));
        await link.ExpectAsync(Of("SET", "b", "1"));
        await link.SendAsync(ReadOnly + ReadOnly + ReadOnly);
        await Eventually.Within(TimeSpan.FromSeconds(10), async () => await lab.CountWaitingAsync() == 2, "both wait for a master");
        await lab.ServeSecondAsync();
        RawClient next = await AcceptSharedAsync(lab, lab.Second);
        string both = await next.ReadExactlyAsync((Set + Of("SET", "a", "2") + Of("SET", "b", "1")).Length);
        Assert.True(both.IndexOf(Set, StringComparison.Ordinal) < both.IndexOf(Of("SET", "a", "2"), StringComparison.Ordinal), both);
        Assert.Contains(Of("SET", "b", "1"), both, StringComparison.Ordinal);
        await next.SendAsync(Ok + Ok + Ok);
        await a.ExpectAsync(Ok + Ok);
        await b.ExpectAsync(Ok);
    }

    [Fact]
    public async Task Hold_NothingMoreIsSent_AndRepliesStillReachTheirOwners()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        RawClient b = await lab.ConnectAsync();
        await a.SendAsync(Set);
        await link.ExpectAsync(Set);
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First);
        await b.SendAsync(Of("SET", "b", "1"));
        await a.SendAsync(Get);
        await link.SendAsync(Ok);
        await a.ExpectAsync(Ok);
        Assert.Equal("", link.Pending);
        await lab.ServeSecondAsync();
        RawClient next = await AcceptSharedAsync(lab, lab.Second);
        await next.ReadExactlyAsync((Of("SET", "b", "1") + Get).Length);
        Assert.Equal("", (await link.ReadToEndAsync()).Rest);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ClientThatLeaves_ItsRepliesAreNobodyElses(bool isReset)
    {
        await using SessionLab lab = await StartAsync();
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        RawClient b = await lab.ConnectAsync();
        await a.SendAsync(Get + Of("GET", "a2"));
        await link.ExpectAsync(Get + Of("GET", "a2"));
        await b.SendAsync(Of("GET", "b"));
        await link.ExpectAsync(Of("GET", "b"));
        await link.SendAsync("$5\r\nhal");
        if (isReset)
        {
            a.Reset();
        }
        else
        {
            a.Dispose();
        }

        await link.SendAsync("f1\r\n$1\r\na\r\n$1\r\nb\r\n");
        await b.ExpectAsync("$1\r\nb\r\n");
    }

    [Theory]
    [InlineData("x\r\n", "bytes that are not RESP")]
    [InlineData(">2\r\n+a\r\n+b\r\n", "a message that nobody asked for")]
    public async Task ServerThatBreaksTheProtocol_WhoeverIsOwedAReplyIsClosed(string bytes, string reason)
    {
        await using SessionLab lab = await StartAsync();
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        RawClient idle = await lab.ConnectAsync();
        await idle.SendAsync(Get);
        await link.ExpectAsync(Get);
        await link.SendAsync("$-1\r\n");
        await idle.ExpectAsync("$-1\r\n");
        RawClient b = await lab.ConnectAsync();
        await a.SendAsync(Get);
        await link.ExpectAsync(Get);
        await b.SendAsync(Of("GET", "b"));
        await link.ExpectAsync(Of("GET", "b"));
        await link.SendAsync("$1\r\na\r\n" + bytes);
        await a.ExpectAsync("$1\r\na\r\n");
        Assert.DoesNotContain("+b", (await b.ReadToEndAsync()).Rest);
        Assert.Equal([reason], lab.BackendErrors);
        RawClient next = await AcceptNextSharedAsync(lab, idle);
        await next.SendAsync("$-1\r\n");
        await idle.ExpectAsync("$-1\r\n");
    }

    [Fact]
    public async Task ReplyThatNobodyIsOwed_EndsTheLink_AndReachesNobody()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        await link.SendAsync("+c\r\n");
        Assert.Equal("", (await link.ReadToEndAsync()).Rest);
        RawClient next = await AcceptNextSharedAsync(lab, a);
        await next.SendAsync("$-1\r\n");
        await a.ExpectAsync("$-1\r\n");
        Assert.Equal(["a reply without a request"], lab.BackendErrors);
    }

    [Theory]
    [InlineData("$40000\r\n", 40_000, "\r\n", 0)]
    [InlineData("$40000\r\n", 40_000, "\r\n", 3)]
    [InlineData("*2\r\n$-1\r\n$40000\r\n", 40_000, "\r\n", 100)]
    [InlineData("%1\r\n+k\r\n$200000\r\n", 200_000, "\r\n", 100_000)]
    public async Task ClientWithLargeReplies_HasALinkOfItsOwnFromTheNextRequestOn(string head, int length, string end, int split)
    {
        await using SessionLab lab = await StartAsync();
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        await a.SendAsync(Get);
        await link.ExpectAsync(Get);
        string reply = head + new string('x', length) + end;
        await link.SendAsync(reply[..split]);
        await link.SendAsync(reply[split..]);
        Assert.Equal(reply, await a.ReadExactlyAsync(reply.Length));
        await a.SendAsync(Get);
        RawClient own = await AcceptOwnAsync(lab);
        await own.ExpectAsync(Get);
    }

    [Fact]
    public async Task ClientThatDoesNotRead_StopsNobody()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        RawClient slow = await lab.ConnectAsync(receiveBufferBytes: 4096);
        await slow.SendAsync(Get);
        await link.ExpectAsync(Get);
        await a.SendAsync(Of("GET", "a"));
        await link.ExpectAsync(Of("GET", "a"));
        string large = new('x', 16 * 1024 * 1024);
        await link.SendAsync($"${large.Length}\r\n{large}\r\n$1\r\na\r\n");
        await a.ExpectAsync("$1\r\na\r\n");

        // It gets a connection of its own for what comes next.
        await slow.SendAsync(Get);
        Assert.Equal($"${large.Length}\r\n{large}\r\n", await slow.ReadExactlyAsync(large.Length + 13));
        RawClient own = await AcceptOwnAsync(lab);
        await own.ExpectAsync(Get);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    public async Task KernelThatTakesLittle_MixesNobodysBytes(int mostBytes)
    {
        await using SessionLab lab = await StartAsync(new BreakingKernel { BreaksWhen = static _ => false, MostBytes = mostBytes });
        (RawClient a, RawClient link) = await JoinFirstAsync(lab);
        RawClient b = await lab.ConnectAsync();
        string ofB = string.Concat(Enumerable.Range(0, 20).Select(static i => Of("SET", "b", $"{i}")));
        string ofA = string.Concat(Enumerable.Repeat(WholeTransaction, 10));
        await lab.WhileLoopIsHeldUpAsync(async () =>
        {
            await a.SendAsync(ofA);
            await b.SendAsync(ofB);
            return Task.CompletedTask;
        });
        string all = await link.ReadExactlyAsync(ofA.Length + ofB.Length);
        Assert.Equal(ofB, all.Replace(WholeTransaction, "", StringComparison.Ordinal));
    }
}
