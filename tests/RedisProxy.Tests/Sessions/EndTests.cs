using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>How sessions end, and that the first cause is the one that is kept.</summary>
public sealed class EndTests
{
    private const string NulInName = "-ERR Protocol error: zero byte in a command's name\r\n";

    [Fact]
    public async Task HalfClose_OfAQuietClient_EndsBothSides()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        client.HalfClose();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        Assert.Equal(new ConnectionEnd("", WasReset: false), await backend.ReadToEndAsync());
        await ExpectEndAsync(lab, EndCause.ClientClosed);
    }

    [Fact]
    public async Task HalfClose_WithRequestsInFlight_WaitsForTheirReplies()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Set + Requests.Get);
        client.HalfClose();
        await (client, backend).ServeAsync(Requests.Set + Requests.Get, "+OK\r\n");
        await backend.SendAsync("$1\r\nv\r\n");
        Assert.Equal(new ConnectionEnd("$1\r\nv\r\n", WasReset: false), await client.ReadToEndAsync());
        await ExpectEndAsync(lab, EndCause.ClientClosed);
    }

    [Fact]
    public async Task HalfClose_WhileTheBackendIsBeingConnected_StillGetsTheReply()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Get);
        client.HalfClose();
        RawClient backend = await lab.AcceptAsync(lab.First);
        await backend.ExpectAsync(Requests.Get);
        await backend.SendAsync("_\r\n");
        Assert.Equal(new ConnectionEnd("_\r\n", WasReset: false), await client.ReadToEndAsync());
    }

    [Theory]
    [InlineData("BLPOP", "q", "0")]
    public async Task HalfClose_OfAWaitingClient_ReachesTheBackendAtOnce(params string[] words)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendCommandAsync(words);
        client.HalfClose();
        Assert.Equal(Requests.Of(words), (await backend.ReadToEndAsync()).Rest);
        backend.Dispose();
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
        await ExpectEndAsync(lab, EndCause.ClientClosed);
    }

    [Fact]
    public async Task Reset_ByTheClient_ClosesTheBackend()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectInFlightAsync(Requests.Set);
        client.Reset();
        Assert.Equal("", (await backend.ReadToEndAsync()).Rest);
        await ExpectEndAsync(lab, EndCause.ClientReset);
    }

    [Fact]
    public async Task Quit_IsAnsweredAndEndsTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Of("QUIT") + Requests.Set);
        await backend.ExpectAsync(Requests.Of("QUIT"));
        await backend.SendAsync("+OK\r\n");
        backend.Dispose();
        Assert.Equal(new ConnectionEnd("+OK\r\n", WasReset: false), await client.ReadToEndAsync());
        await ExpectEndAsync(lab, EndCause.Quit);
    }

    [Theory]
    [InlineData("*1\r\n:3\r\n", "-ERR Protocol error: expected '$', got ':'\r\n")]
    [InlineData("*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n")]
    [InlineData("*1\r\n$-5\r\n", "-ERR Protocol error: invalid bulk length\r\n")]
    [InlineData("set k \"open\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n")]
    [InlineData("*2\r\n$8\r\nselect\0x\r\n$1\r\n5\r\n", NulInName)]
    [InlineData("*2\r\n$32\r\nsubscribe\0xxxxxxxxxxxxxxxxxxxxxx\r\n$1\r\nc\r\n", NulInName)]
    [InlineData("*3\r\n$6\r\nclient\r\n$7\r\nreply\0x\r\n$3\r\noff\r\n", NulInName)]
    [InlineData("\"client\\x00x\" reply off\r\n", NulInName)]
    [InlineData("POST / HTTP/1.1\r\n", "")]
    [InlineData("Host: 127.0.0.1\r\n", "")]
    [InlineData("\x16\x03\x01\x02", "")]
    public async Task NoRequest_IsAnsweredInItsPlaceAndTheSessionCloses(string bytes, string answer)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Get + bytes + new string('x', 100_000));
        await backend.ExpectAsync(Requests.Get);
        await backend.SendAsync("$1\r\nv\r\n");
        Assert.Equal(new ConnectionEnd("$1\r\nv\r\n" + answer, WasReset: false), await client.ReadToEndAsync());
        await ExpectEndAsync(lab, EndCause.ClientProtocolError);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TooManySessions_AreRefusedWithTheErrorOfRedis(bool isOfOneAddress)
    {
        ProxyOptions options = SessionLab.Options();
        options = isOfOneAddress
            ? options with { Client = new ClientOptions { MaxSessionsPerAddress = 1 } }
            : options with { Listeners = [options.Listeners[0] with { MaxSessions = 1 }] };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient kept, _) = await lab.ConnectPairAsync();
        RawClient refused = await lab.ConnectAsync();
        await refused.SendAsync(Requests.Set);
        Assert.Equal(new ConnectionEnd("-ERR max number of clients reached\r\n", WasReset: false), await refused.ReadToEndAsync());
        Assert.Equal(1, lab.Counters.RefusedTooMany);
        kept.Dispose();
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended.Sum() == 1, "the first one is gone");
        await lab.ConnectAsync();
        await lab.AcceptAsync(lab.First);
    }

    [Fact]
    public async Task Stop_EndsQuietSessionsNowAndBusyOnesAfterTheirReplies()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient quiet, _) = await lab.ConnectPairAsync();
        RawClient busy = await lab.ConnectAsync();
        RawClient backend = await lab.AcceptAsync(lab.First);
        await busy.SendAsync(Requests.Set);
        await backend.ExpectAsync(Requests.Set);
        await lab.StopAcceptingAsync();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await quiet.ReadToEndAsync());
        await backend.SendAsync("+OK\r\n");
        Assert.Equal(new ConnectionEnd("+OK\r\n", WasReset: false), await busy.ReadToEndAsync());
        quiet.Dispose();
        busy.Dispose();
        await lab.WaitUntilDrainedAsync();
        Assert.Equal(2, lab.Counters.Ended[(int)EndCause.Shutdown]);
    }

    [Fact]
    public async Task Stop_WithASpread_EndsSessionsOneAfterTheOtherOldestFirst()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        await lab.ServeFirstAsync();
        var clients = new List<RawClient>();
        for (int i = 0; i < 30; i++)
        {
            clients.Add(await lab.ConnectAsync());
            await lab.AcceptAsync(lab.First);
        }

        bool[] ended = await lab.StopGraduallyAsync(spreadMs: 60_000);
        Assert.Equal([true, .. Enumerable.Repeat(false, 29)], ended);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        foreach (RawClient client in clients)
        {
            Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
            client.Dispose();
        }

        // Fewer than would take the whole spread end at a hundred a second.
        await lab.WaitUntilDrainedAsync();
        Assert.InRange(watch.ElapsedMilliseconds, 200, 10_000);
        Assert.Equal(30, lab.Counters.Ended[(int)EndCause.Shutdown]);
    }

    [Fact]
    public async Task Stop_WhileRepliesAreOnTheirWay_CutsNoneOff()
    {
        for (int round = 0; round < 10; round++)
        {
            await using SessionLab lab = await SessionLab.StartAsync();
            await lab.ServeFirstAsync();
            var clients = new List<RawClient>();
            var backends = new List<RawClient>();
            for (int i = 0; i < 30; i++)
            {
                clients.Add(await lab.ConnectAsync());
                backends.Add(await lab.AcceptAsync(lab.First));
                await clients[^1].SendAsync(Requests.Set);
                await backends[^1].ExpectAsync(Requests.Set);
            }

            // A reply that was received in this turn of the loop is sent at its end: between the two, no request is in flight.
            Task replies = Task.WhenAll(backends.Select(backend => backend.SendAsync("+OK\r\n")));
            await lab.StopGraduallyAsync(spreadMs: 30);
            await replies;
            foreach (RawClient client in clients)
            {
                Assert.Equal(new ConnectionEnd("+OK\r\n", WasReset: false), await client.ReadToEndAsync());
                client.Dispose();
            }
        }
    }

    [Fact]
    public async Task ErrorBeforeTheEndOfALargeRequest_IsRelayedAndEndsTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        string begin = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1000000\r\n" + new string('x', 100_000);
        await client.SendAsync(begin);
        await backend.ExpectAsync(begin);
        await backend.SendAsync("-ERR Protocol error: invalid bulk length\r\n");
        await client.SendAsync("more");
        await client.ReadUntilAsync("length\r\n");
        await ExpectEndAsync(lab, EndCause.ClientProtocolError);
    }

    [Fact]
    public async Task BackendThatSendsNoResp_EndsTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectInFlightAsync(Requests.Get);
        await backend.SendAsync("HTTP/1.1 400 Bad Request\r\n");
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
        await ExpectEndAsync(lab, EndCause.BackendProtocolError);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ClientThatHasClosed_AndIsNeverAnswered_EndsInTime(bool getsMessages)
    {
        var time = new FakeTimeProvider();
        await using SessionLab lab = await SessionLab.StartAsync(time: time);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        string message = ">3\r\n+message\r\n+c\r\n+m\r\n";
        await (client, backend).ExchangeAsync(Requests.Set + Requests.Set, "+OK\r\n+OK\r\n");
        await client.SendAsync(Requests.Get + Requests.Get);
        await backend.ExpectAsync(Requests.Get + Requests.Get);
        client.HalfClose();

        // As long as something moves, it may take any time.
        await PassAsync(4);
        await backend.SendAsync("_\r\n");
        await client.ExpectAsync("_\r\n");
        await PassAsync(4);
        Assert.Equal(0, lab.Counters.Ended.Sum());
        if (getsMessages)
        {
            await backend.SendAsync(message);
            await client.ExpectAsync(message);
        }

        await PassAsync(4);
        await ExpectEndAsync(lab, EndCause.Unanswered);
        Assert.True((await client.ReadToEndAsync()).WasReset);
        Assert.Equal("", (await backend.ReadToEndAsync()).Rest);

        async Task PassAsync(int minutes)
        {
            for (int i = 0; i < minutes; i++)
            {
                await lab.Loop.InvokeAsync(static () => true);
                time.Advance(TimeSpan.FromMinutes(1));
                await lab.Loop.InvokeAsync(static () => true);
            }
        }
    }

    [Fact]
    public async Task LargeReply_ToAClientThatHasClosed_MayTakeAnyTime()
    {
        var time = new FakeTimeProvider();
        await using SessionLab lab = await SessionLab.StartAsync(time: time);
        (RawClient client, RawClient backend) = await lab.ConnectInFlightAsync(Requests.Get);
        client.HalfClose();
        await backend.SendAsync("$1000000\r\n");
        string part = new('x', 100_000);
        for (int i = 0; i < 10; i++)
        {
            await backend.SendAsync(part);
            await client.ReadExactlyAsync(i == 0 ? part.Length + 10 : part.Length);
            await lab.Loop.InvokeAsync(static () => true);
            time.Advance(TimeSpan.FromMinutes(2));
            await lab.Loop.InvokeAsync(static () => true);
        }

        await backend.SendAsync("\r\n");
        Assert.Equal(new ConnectionEnd("\r\n", WasReset: false), await client.ReadToEndAsync());
    }

    private static async Task ExpectEndAsync(SessionLab lab, EndCause cause)
    {
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)cause] == 1, $"the session ends by {cause}");
        Assert.Equal(1, lab.Counters.Ended.Sum());
    }
}
