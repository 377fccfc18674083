using System.Globalization;
using System.Net;
using System.Text;

using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>Requests that wait at the backend, and WAIT.</summary>
public sealed class BlockingTests
{
    private const string Unblocked = "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n";

    private const string UnblockedByOrder = "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n";

    private static readonly string BlPop = Requests.Of("BLPOP", "k", "100");

    [Theory]
    [InlineData("BLPOP k 5", "BLPOP k 3.766")]
    [InlineData("BLPOP k 1", "BLPOP k 0.001")]
    [InlineData("BLPOP k 0", null)]
    [InlineData("BLPOP k x", null)]
    [InlineData("blmove a b LEFT RIGHT 2.5", "blmove a b LEFT RIGHT 1.266")]
    [InlineData("BLMOVEM a b LEFT RIGHT 2.5 COUNT 3 BULK", "BLMOVEM a b LEFT RIGHT 1.266 COUNT 3 BULK")]
    [InlineData("TS.READ k BLOCK 5000 FROM 7", null)]
    [InlineData("BZMPOP 5 1 k MIN", "BZMPOP 3.766 1 k MIN")]
    [InlineData("XREAD COUNT 1 BLOCK 5000 STREAMS s 0", "XREAD COUNT 1 BLOCK 3766 STREAMS s 0")]
    [InlineData("XREADGROUP GROUP g c STREAMS BLOCK >", null)]
    [InlineData("XREADGROUP GROUP BLOCK 5000 STREAMS s >", null)]
    [InlineData("XREADGROUP GROUP block 5 COUNT 9 BLOCK 4000 STREAMS s 0", "XREADGROUP GROUP block 5 COUNT 9 BLOCK 2766 STREAMS s 0")]
    [InlineData("XREADGROUP BLOCK 4000 GROUP STREAMS 5000 STREAMS s >", "XREADGROUP BLOCK 2766 GROUP STREAMS 5000 STREAMS s >")]
    [InlineData("XREADGROUP GROUP g 5000 CLAIM 8000 BLOCK 4000 STREAMS s >", "XREADGROUP GROUP g 5000 CLAIM 8000 BLOCK 2766 STREAMS s >")]
    [InlineData("XREADGROUP GROUP g 5000 NOBODYKNOWS BLOCK 4000 STREAMS s >", null)]
    [InlineData("XREAD BLOCK 9000 BLOCK 5000 STREAMS s 0", "XREAD BLOCK 9000 BLOCK 3766 STREAMS s 0")]
    [InlineData("MODULE.WAIT k 5", null)]
    [InlineData("WAIT 1 2000", "WAIT 1 766")]
    public void TimeLeft_IsWhatTheCommandWouldStillWait(string command, string? expected)
    {
        byte[] request = RawClient.Command(command.Split(' '));
        byte[] actual = BlockingRequest.WithTimeLeft(request, waitedMs: 1234);
        Assert.Equal(expected is null ? "" : Requests.Of(expected.Split(' ')), Encoding.Latin1.GetString(actual));
        byte[] inline = BlockingRequest.WithTimeLeft(Encoding.Latin1.GetBytes(command + "\r\n"), waitedMs: 1234);
        Assert.Equal(actual, inline);

        // What redis skips belongs to the request behind it.
        Assert.Equal(actual, BlockingRequest.WithTimeLeft([.. "\r\n\n*0\r\n"u8, .. request], waitedMs: 1234));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task InterruptedRequest_ThatGoesOnWithOthersUnsent_KeepsItsPlaceAmongThem(bool isBefore, bool isBehind)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string before = isBefore ? Requests.Of("SORT_RO", "s") + Requests.Get : "";
        string behind = isBehind ? Requests.Set + Requests.Get : "";
        await client.SendAsync(before + BlPop);
        await first.ExpectAsync(before + BlPop);
        await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First, isPromoting: true);
        await first.SendAsync((isBefore ? "*1\r\n$1\r\n1\r\n$3\r\nold\r\n" : "") + Unblocked);
        await client.SendAsync(behind);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        Assert.Equal(before, await second.ReadExactlyAsync(before.Length));
        Assert.InRange(await TimeoutOfBlPopAsync(second), 50, 99.999);
        await second.ExpectAsync(behind);
        string replies = (isBefore ? "*1\r\n$1\r\n2\r\n$3\r\nnew\r\n" : "") + "*2\r\n$1\r\nk\r\n$4\r\nitem\r\n"
            + (isBehind ? "+OK\r\n$1\r\nv\r\n" : "");
        await second.SendAsync(replies);
        await client.ExpectAsync(replies);
    }

    [Fact]
    public async Task UnblockedRequest_IsSentAgainForTheTimeThatIsLeft()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(BlPop);
        await first.SendAsync(Unblocked);
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is reported");
        await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        Assert.InRange(await TimeoutOfBlPopAsync(second), 50, 99.999);
        await second.SendAsync("*-1\r\n");
        await client.ExpectAsync("*-1\r\n");
    }

    [Fact]
    public async Task MarkedWait_WhenUnblocked_WaitsOnAtTheNextMaster()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(BlPop);
        BlockedWaits waits = await lab.MarkWaitsAsync();
        Assert.Equal([(IPEndPoint)first.Socket.RemoteEndPoint!], waits.Addresses);
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First);
        await first.SendAsync(UnblockedByOrder);
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is heard");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        Assert.InRange(await TimeoutOfBlPopAsync(second), 50, 100);
        await second.SendAsync("*2\r\n$1\r\nk\r\n$1\r\nv\r\n");
        await client.ExpectAsync("*2\r\n$1\r\nk\r\n$1\r\nv\r\n");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task MarkedWait_WhoseAnswerComesWhileItsMasterIsDoubted_WaitsOnAtTheNextMaster(bool closes)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(BlPop + Requests.Get);
        await lab.MarkWaitsAsync();
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First, isPromoting: true);
        await first.SendAsync(UnblockedByOrder + "$1\r\nv\r\n");
        if (closes)
        {
            first.HalfClose();
            await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is heard");
        }

        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        Assert.InRange(await TimeoutOfBlPopAsync(second), 50, 100);
        await second.SendAsync("*-1\r\n");
        await second.ExpectAsync(Requests.Get);
        await second.SendAsync("$1\r\nw\r\n");
        await client.ExpectAsync("*-1\r\n$1\r\nw\r\n");
    }

    [Fact]
    public async Task MarkedWait_ThatWasServedAllTheSame_GetsItsElement()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(BlPop);
        await lab.MarkWaitsAsync();
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First);
        await first.SendAsync("*2\r\n$1\r\nk\r\n$1\r\nv\r\n");
        await client.ExpectAsync("*2\r\n$1\r\nk\r\n$1\r\nv\r\n");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task UnblockedByAnOperator_IsForTheClient(bool wasMarked)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(BlPop);
        if (wasMarked)
        {
            BlockedWaits waits = await lab.MarkWaitsAsync();
            await lab.OnLoopAsync(() => waits.Unmark(_ => true));
        }

        await first.SendAsync(UnblockedByOrder);
        await client.ExpectAsync(UnblockedByOrder);
        await (client, first).ExchangeAsync(Requests.Get, "$1\r\nv\r\n");
    }

    // A write behind it would be executed as soon as the pop is not waited for any more.
    [Theory]
    [InlineData("BLPOP k 0|SET k v", false, false)]
    [InlineData("GET k|BLPOP k 0", false, true)]
    [InlineData("BLPOP k 0|GET k", true, false)]
    [InlineData("MULTI|BLPOP k 0", false, false)]
    [InlineData("WAIT 1 0", false, false)]
    [InlineData("XREAD BLOCK 0 STREAMS s 0", false, false)]
    [InlineData("XREAD BLOCK 0 STREAMS s $", true, false)]
    [InlineData("XREADGROUP GROUP g c BLOCK 0 STREAMS s >", true, false)]
    [InlineData("BLMOVE a b LEFT LEFT 0", true, false)]
    [InlineData("BRPOPLPUSH a b 0", true, false)]
    [InlineData("BZPOPMIN k 0", true, false)]
    [InlineData("BZMPOP 0 1 k MIN", true, false)]
    [InlineData("BLMPOP 0 1 k LEFT", true, false)]
    [InlineData("BLPOP k 0|SUBSCRIBE c", false, false)]
    public async Task Mark_TakesWhatWaitsInAPopAlone(string commands, bool isMarked, bool mayGrow)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string requests = string.Concat(commands.Split('|').Select(command => Requests.Of(command.Split(' '))));
        await client.SendAsync(requests);
        await first.ExpectAsync(requests);
        BlockedWaits waits = await lab.MarkWaitsAsync();
        Assert.Equal((isMarked, mayGrow), (!waits.IsEmpty, waits.MayGrow));
    }

    [Fact]
    public async Task BlockedRequestLostWithItsConnection_ClosesAfterTheRepliesBefore()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Set + Requests.Get + BlPop, "+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Get);
        await second.SendAsync("$1\r\nv\r\n");
        Assert.Equal(new ConnectionEnd("$1\r\nv\r\n", WasReset: false), await client.ReadToEndAsync());
    }

    // Where nothing waits, nothing is closed: UNKNOWN is an error for each.
    [Fact]
    public async Task PopInsideATransactionWhoseExecIsLost_IsUnknownLikeTheRest()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Multi + BlPop + Requests.Exec);
        await lab.ServeSecondAsync();
        await client.ExpectAsync(Requests.Unknown + Requests.Unknown + Requests.Unknown);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task BlockedRequestLostWithItsConnection_IsAnsweredOrSentAgain_WhenConfigured(bool resends)
    {
        ProxyOptions options = SessionLab.Options() with
        {
            Replay = new ReplayOptions { Blocking = resends, OnUnknownBlocking = UnknownOutcomeAction.Error },
        };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(BlPop);
        await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        if (resends)
        {
            Assert.InRange(await TimeoutOfBlPopAsync(second), 50, 99.999);
        }
        else
        {
            await client.ExpectAsync(Requests.Unknown);
        }
    }

    [Theory]
    [InlineData("0-0", true)]
    [InlineData("$", false)]
    public async Task StreamRead_IsARead_WhenItsIdIsSaid(string id, bool isRead)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string read = Requests.Of("XREAD", "BLOCK", "0", "STREAMS", "s", id);
        await client.SendAsync(read);
        await first.ExpectAsync(read);
        await lab.ServeSecondAsync();
        if (isRead)
        {
            RawClient second = await lab.AcceptAsync(lab.Second);
            await second.ExpectAsync(read);
        }
        else
        {
            Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        }
    }

    [Fact]
    public async Task Wait_ForWritesThatALostMasterTook_CountsNoReplica()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Set, "+OK\r\n");
        await (client, first).ExchangeAsync(Requests.Of("WAIT", "1", "100"), ":2\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await client.SendAsync(Requests.Get + Requests.Of("WAIT", "1", "100") + Requests.Of("WAITAOF", "1", "1", "100") + Requests.Get);
        await second.ExpectAsync(Requests.Get + Requests.Get);
        await second.SendAsync("$1\r\na\r\n$1\r\nb\r\n");
        await client.ExpectAsync("$1\r\na\r\n:0\r\n*2\r\n:0\r\n:0\r\n$1\r\nb\r\n");
        await (client, second).ExchangeAsync(Requests.Set + Requests.Of("WAIT", "1", "100"), "+OK\r\n:2\r\n");
    }

    [Fact]
    public async Task WaitInFlight_WhenSuperseded_CountsNoReplica()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Set + Requests.Of("WAIT", "1", "0"));
        await lab.ServeSecondAsync();
        await client.ExpectAsync(Requests.Unknown + ":0\r\n");
    }

    [Fact]
    public async Task Wait_WithoutAnyWrite_IsTheMastersToAnswer()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Get, "$-1\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Of("WAIT", "1", "0"), ":2\r\n");
    }

    private static async Task<double> TimeoutOfBlPopAsync(RawClient backend)
    {
        await backend.ReadUntilAsync("BLPOP\r\n$1\r\nk\r\n$");
        await backend.ReadUntilAsync("\r\n");
        return double.Parse(await backend.ReadUntilAsync("\r\n"), NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
