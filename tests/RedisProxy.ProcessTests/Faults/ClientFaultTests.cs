using System.Globalization;
using System.Text;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>Clients that are slow, huge, rude or gone.</summary>
public sealed class ClientFaultTests(SharedLab shared, ITestOutputHelper output) : IClassFixture<SharedLab>
{
    private const int MiB = 1024 * 1024;

    private readonly FaultLab _lab = shared.Lab;

    [Fact]
    public async Task SlowReaderOfLargeReplies_CostsNoMemoryAndDelaysNobody()
    {
        RedisServer master = await _lab.BeReadyAsync();
        await master.CallAsync("SET", "mebibyte", new string('m', MiB));
        using RawClient other = await _lab.ConnectAsync();
        using RawClient slow = await RawClient.ConnectAsync("127.0.0.1", _lab.Proxy.Port, receiveBufferBytes: 4096);
        await slow.CallAsync("PING");
        long before = _lab.Proxy.Process.MemoryBytes;
        const int Replies = 100;
        await slow.SendAsync(string.Concat(Enumerable.Repeat("GET mebibyte\r\n", Replies)));
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal("OK", (await other.CallAsync("SET", "other", "x")).Text);
            await slow.ReadExactlyAsync(4096);
        }

        long grown = _lab.Proxy.Process.MemoryBytes - before;
        output.WriteLine($"grown by {grown / MiB} MiB");
        Assert.True(grown < 30 * MiB, $"grown by {grown} bytes");
        int rest = (Replies * (MiB + "$1048576\r\n\r\n".Length)) - (100 * 4096);
        for (int read = 0; read < rest; read += MiB)
        {
            await slow.ReadExactlyAsync(Math.Min(MiB, rest - read));
        }

        Assert.Equal("PONG", (await slow.CallAsync("PING")).Text);
    }

    [Fact]
    public async Task OneByteAtATime_IsServedAsAnyOther()
    {
        await _lab.BeReadyAsync();
        await using FaultRelay relay = FaultRelay.To(_lab.Proxy.Port);
        relay.Apply(new RelayConditions { IsByteByByte = true });
        using RawClient client = await relay.ConnectAsync();
        client.Timeout = FaultLab.Patience;
        await client.SendAsync(string.Concat(Enumerable.Range(1, 50).Select(
            i => $"*3\r\n$3\r\nSET\r\n$3\r\nbit\r\n$4\r\n{i:0000}\r\nGET bit\r\n")));
        for (int i = 1; i <= 50; i++)
        {
            Assert.Equal("OK", (await client.ReadReplyAsync()).Text);
            Assert.Equal($"{i:0000}", (await client.ReadReplyAsync()).Text);
        }
    }

    [Fact]
    public async Task PipelineOfAHundredThousand_IsAnsweredInOrder()
    {
        await _lab.BeReadyAsync();
        using RawClient client = await _lab.ConnectAsync();
        string counter = $"counter:{Guid.NewGuid():N}";
        const int Requests = 100_000;
        var expected = new StringBuilder();
        for (int i = 1; i <= Requests; i++)
        {
            expected.Append(':').Append(i.ToString(CultureInfo.InvariantCulture)).Append("\r\n");
        }

        Task sending = client.SendAsync(string.Concat(Enumerable.Repeat($"INCR {counter}\r\n", Requests)));
        Assert.Equal(expected.ToString(), await client.ReadExactlyAsync(expected.Length));
        await sending;
    }

    [Fact]
    public async Task PipelineOfAHundredThousand_OverALostConnection_StaysInOrderAndIsExecutedOnce()
    {
        RedisServer master = await _lab.BeReadyAsync();
        using RawClient client = await _lab.ConnectAsync();
        string counter = $"counter:{Guid.NewGuid():N}";
        const int Requests = 100_000;
        // Its backend must be there, to be cut, and its own: with so long a pipeline it would not stay on a shared one.
        Assert.Equal("OK", (await client.CallAsync("WATCH", counter)).Text);
        _lab.Relayed.Of(master).CutAfter(200_000, RelayDirections.ToClient);
        Task sending = client.SendCommandsAsync(Enumerable.Repeat($"INCR {counter}", Requests));
        long last = 0;
        int unknown = 0;
        for (int i = 0; i < Requests; i++)
        {
            RawReply reply = await client.ReadReplyAsync();
            if (reply.ErrorCode == "IOERR")
            {
                unknown++;
                continue;
            }

            Assert.True(reply.Kind == ':', $"{i}: {reply}");
            Assert.True(reply.Number > last, $"{reply} after {last}");
            last = reply.Number;
        }

        await sending;
        long stored = (await master.CallAsync("GET", counter)).Number;
        output.WriteLine($"{unknown} unknown, {stored} executed");
        Assert.InRange(unknown, 1, Requests - 1);
        Assert.InRange(stored, Requests - unknown, Requests);
        Assert.InRange(stored, last, Requests);
    }

    [Fact]
    public async Task HalfCloseAfterSending_RepliesStillComeAndThenTheEnd()
    {
        await _lab.BeReadyAsync();
        using RawClient client = await _lab.ConnectAsync();
        await client.SendAsync("SET half closed\r\nGET half\r\n");
        client.HalfClose();
        Assert.Equal(new ConnectionEnd("+OK\r\n$6\r\nclosed\r\n", WasReset: false), await client.ReadToEndAsync());
    }

    [Fact]
    public async Task ResetMidRequest_NothingOfItIsExecuted()
    {
        RedisServer master = await _lab.BeReadyAsync();
        double resets = await _lab.MetricAsync("redisproxy_sessions_ended_total", ("reason", "client_reset"));
        RawClient client = await _lab.ConnectAsync();
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        await client.SendAsync("*3\r\n$3\r\nSET\r\n$4\r\ntorn\r\n$5\r\nab");
        client.Reset();
        await _lab.WaitForMetricAsync("redisproxy_sessions_ended_total", resets + 1, ("reason", "client_reset"));
        Assert.Equal(0, (await master.CallAsync("EXISTS", "torn")).Number);
        await _lab.AssertSaneAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GoneWhileHeld_ItsWriteIsNeverExecuted(bool isReset)
    {
        RedisServer master = await _lab.BeReadyAsync();
        string key = $"gone:{Guid.NewGuid():N}";
        RawClient client = await _lab.ConnectAsync();
        using RawClient witness = await _lab.ConnectAsync();
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        double ended = await _lab.MetricAsync("redisproxy_sessions_ended_total");
        await _lab.BeginOutageAsync(master);
        await client.SendCommandAsync("SET", key, "x");
        await witness.SendCommandAsync("SET", "witness", key);
        if (isReset)
        {
            client.Reset();
        }
        else
        {
            client.Dispose();
        }

        await _lab.WaitForMetricAsync("redisproxy_sessions_ended_total", ended + 1);
        await _lab.EndOutageAsync(master);
        Assert.Equal("OK", (await witness.ReadReplyAsync()).Text);
        Assert.Equal(0, (await master.CallAsync("EXISTS", key)).Number);
        await _lab.AssertSaneAsync();
    }

    [Fact]
    public async Task GaveUpWaitingButKeptItsSocket_RepliesStayInOrder()
    {
        RedisServer master = await _lab.BeReadyAsync();
        using RawClient client = await _lab.ConnectAsync();
        string key = $"patience:{Guid.NewGuid():N}";
        Assert.Equal("OK", (await client.CallAsync("SET", key, "0")).Text);
        await _lab.BeginOutageAsync(master);
        // Its library reports a timeout and uses the connection for the next command, some with a reply counted as owed.
        await client.SendCommandAsync("SET", key, "1");
        await client.SendCommandAsync("ECHO", "first");
        client.Timeout = TimeSpan.FromMilliseconds(500);
        await Assert.ThrowsAsync<TimeoutException>(client.ReadReplyAsync);
        client.Timeout = FaultLab.Patience;
        await client.SendCommandAsync("APPEND", key, "2");
        await client.SendCommandAsync("ECHO", "second");
        await _lab.EndOutageAsync(master);
        Assert.Equal("OK", (await client.ReadReplyAsync()).Text);
        Assert.Equal("first", (await client.ReadReplyAsync()).Text);
        Assert.Equal(2, (await client.ReadReplyAsync()).Number);
        Assert.Equal("second", (await client.ReadReplyAsync()).Text);
        Assert.Equal("12", (await client.CallAsync("GET", key)).Text);
    }

    [Fact]
    public async Task HeldPastItsDeadline_IsRefusedInItsPlaceAndNeverExecuted()
    {
        await using FaultLab lab = await FaultLab.StartAsync(configure: options => options.With("hold.timeout", "300ms"));
        using RawClient client = await lab.ConnectAsync();

        // A busy machine may need longer than that for the first connection to the master.
        await Eventually.Within(
            FaultLab.Patience, async () => (await client.CallAsync("SET", "k", "before")).Text == "OK", "the first write is done");
        double refusedBefore = await lab.MetricAsync("redisproxy_replies_synthesised_total", ("code", "not_executed"));
        await lab.BeginOutageAsync(lab.FirstMaster);
        await client.SendAsync("SET k late\r\nGET k\r\n");
        RawReply refused = await client.ReadReplyAsync();
        Assert.Equal("LOADING", refused.ErrorCode);
        Assert.Contains("was not executed", refused.Text, StringComparison.Ordinal);
        Assert.Equal("LOADING", (await client.ReadReplyAsync()).ErrorCode);
        await lab.EndOutageAsync(lab.FirstMaster);
        Assert.Equal("before", (await client.CallAsync("GET", "k")).Text);
        Assert.Equal(
            refusedBefore + 2, await lab.MetricAsync("redisproxy_replies_synthesised_total", ("code", "not_executed")));
    }
}
