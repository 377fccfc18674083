using System.Text;

using RedisProxy.Sessions;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

public sealed class RelayTests
{
    private const string Get = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";

    [Fact]
    public async Task Request_WithMaster_IsRelayedAndAnswered()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Get);
        Assert.Equal(Get, await backend.ReadExactlyAsync(Get.Length));
        await backend.SendAsync("$1\r\nv\r\n");
        Assert.Equal("$1\r\nv\r\n", await client.ReadExactlyAsync(7));
    }

    [Fact]
    public async Task Pipeline_OfManyRequests_KeepsOrder()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        string requests = string.Concat(Enumerable.Range(0, 5000).Select(i => $"*2\r\n$4\r\nECHO\r\n$4\r\n{i:0000}\r\n"));
        Task sending = client.SendAsync(requests);
        Assert.Equal(requests, await backend.ReadExactlyAsync(requests.Length));
        await sending;
        string replies = string.Concat(Enumerable.Range(0, 5000).Select(i => $"$4\r\n{i:0000}\r\n"));
        Task answering = backend.SendAsync(replies);
        Assert.Equal(replies, await client.ReadExactlyAsync(replies.Length));
        await answering;
    }

    [Fact]
    public async Task Client_ThatSendsByteByByte_ReachesTheBackendInWholeRequests()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        foreach (char value in Get)
        {
            await client.SendAsync(value.ToString());
        }

        Assert.Equal(Get, await backend.ReadExactlyAsync(Get.Length));
        foreach (char value in "*2\r\n$1\r\na\r\n:7\r\n")
        {
            await backend.SendAsync(value.ToString());
        }

        Assert.Equal("*2\r\n$1\r\na\r\n:7\r\n", await client.ReadExactlyAsync(15));
    }

    [Fact]
    public async Task Inline_Requests_AreRelayedAsTheyAre()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync("PING\r\n\r\n  \r\nset k \"a b\"\n");
        Assert.Equal("PING\r\n", await backend.ReadExactlyAsync(6));
        Assert.Equal("set k \"a b\"\n", await backend.ReadExactlyAsync(12));
        await backend.SendAsync("+PONG\r\n+OK\r\n");
        Assert.Equal("+PONG\r\n+OK\r\n", await client.ReadExactlyAsync(12));
    }

    [Fact]
    public async Task EmptyLines_WithoutEnd_HoldNoMemory()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(RawClient.Command("BLPOP", "q", "0"));
        await backend.ReadUntilAsync("q\r\n");
        string lines = string.Concat(Enumerable.Repeat("\r\n", 512 * 1024));
        for (int i = 0; i < 8; i++)
        {
            await client.SendAsync(lines);
        }

        await client.SendAsync("PING\r\n");
        Assert.EndsWith("PING\r\n", await backend.ReadUntilAsync("PING\r\n"), StringComparison.Ordinal);
        long held = await lab.Loop.InvokeAsync(() => lab.Loop.Slabs.AllocatedBytes);
        Assert.InRange(held, 0, 2 * 1024 * 1024);
    }

    [Fact]
    public async Task Push_BetweenReplies_IsRelayedAndMatchesNoRequest()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Get + Get);
        await backend.ReadExactlyAsync(2 * Get.Length);
        const string Replies = "+1\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n+2\r\n";
        await backend.SendAsync(Replies);
        Assert.Equal(Replies, await client.ReadExactlyAsync(Replies.Length));
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 2, "two requests are answered, not three");
    }

    [Fact]
    public async Task Reply_ToNothing_EndsTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await backend.SendAsync("+surprise\r\n");
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.BackendProtocolError] == 1, "the cause is counted");
    }

    [Fact]
    public async Task Value_LargerThanAnyBuffer_StreamsInLittleMemory()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        const int Megabytes = 64;
        byte[] megabyte = new byte[1024 * 1024];
        new Random(1).NextBytes(megabyte);
        await client.SendAsync($"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${Megabytes * megabyte.Length}\r\n");
        Task sending = RepeatAsync(client, megabyte, Megabytes);
        await backend.ReadUntilAsync($"${Megabytes * megabyte.Length}\r\n");
        string expected = Encoding.Latin1.GetString(megabyte);
        for (int i = 0; i < Megabytes; i++)
        {
            Assert.Equal(expected, await backend.ReadExactlyAsync(megabyte.Length));
        }

        await sending;
        await client.SendAsync("\r\n" + Get);
        Assert.Equal("\r\n" + Get, await backend.ReadExactlyAsync(Get.Length + 2));
        await backend.SendAsync("+OK\r\n$1\r\nv\r\n");
        Assert.Equal("+OK\r\n$1\r\nv\r\n", await client.ReadExactlyAsync(12));
        long held = await lab.Loop.InvokeAsync(() => lab.Loop.Slabs.AllocatedBytes);
        Assert.InRange(held, 0, 4 * 1024 * 1024);
    }

    [Fact]
    public async Task Client_ThatDoesNotRead_StopsTheReadingOfItsBackend()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync(receiveBufferBytes: 256 * 1024);
        RawClient backend = await lab.AcceptAsync(lab.First);
        backend.Timeout = TimeSpan.FromSeconds(30);
        await client.SendAsync(Get);
        await backend.ReadExactlyAsync(Get.Length);
        const int Megabytes = 64;
        byte[] megabyte = new byte[1024 * 1024];
        await backend.SendAsync($"${Megabytes * megabyte.Length}\r\n");
        Task sending = RepeatAsync(backend, megabyte, Megabytes);
        await SessionLab.EventuallyAsync(() => lab.Counters.ReplyBytes > 0, "the reply begins");
        await EventuallyStillAsync(() => lab.Counters.ReplyBytes);
        Assert.False(sending.IsCompleted);
        Assert.InRange(lab.Counters.ReplyBytes, 1, 20L * 1024 * 1024);
        await client.ReadUntilAsync("\r\n");
        for (int i = 0; i < Megabytes; i++)
        {
            await client.ReadExactlyAsync(megabyte.Length);
        }

        await sending;
        await backend.SendAsync("\r\n");
        Assert.Equal("\r\n", await client.ReadExactlyAsync(2));
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 1, "the request is answered");
    }

    [Fact]
    public async Task Client_ThatSendsAHundredThousandRequestsBeforeReading_GetsAllReplies()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        const int Count = 100_000;
        Task serving = AnswerAsync(backend, Count);
        string burst = string.Concat(Enumerable.Repeat(Get, 1000));
        for (int i = 0; i < Count / 1000; i++)
        {
            await client.SendAsync(burst);
        }

        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(i, (await client.ReadReplyAsync()).Number);
        }

        await serving;
    }

    // Like redis: reads on while replies pile up.
    private static async Task AnswerAsync(RawClient backend, int count)
    {
        var replies = new StringBuilder();
        Task sending = Task.CompletedTask;
        for (int i = 0; i < count; i++)
        {
            await backend.ReadExactlyAsync(Get.Length);
            replies.Append(':').Append(i).Append("\r\n");
            if (i % 1000 == 999)
            {
                string batch = replies.ToString();
                replies.Clear();
                sending = sending.ContinueWith(
                    _ => backend.SendAsync(batch), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap();
            }
        }

        await sending;
    }

    private static async Task RepeatAsync(RawClient to, byte[] bytes, int times)
    {
        for (int i = 0; i < times; i++)
        {
            await to.SendAsync(bytes);
        }
    }

    /// <summary>Waits until a figure has not moved between many looks in a row.</summary>
    private static async Task EventuallyStillAsync(Func<long> figure)
    {
        long last = -1;
        int still = 0;
        await Eventually.Within(
            TimeSpan.FromSeconds(20),
            () =>
            {
                long now = figure();
                still = now == last ? still + 1 : 0;
                last = now;
                return still >= 25;
            },
            "the figure stands still");
    }
}
