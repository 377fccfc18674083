using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Testing;
using RedisProxy.Topology;

using static RedisProxy.Tests.Sessions.Requests;

namespace RedisProxy.Tests.Sessions;

/// <summary>A durable listener under pipelines so deep that requests have no entry of their own, and other rare ways.</summary>
public sealed class DurableEdgeTests
{
    private const int Deep = 20_000;
    private const string Ok = "+OK\r\n";
    private const string Nil = "$-1\r\n";
    private const string Yes = ":0\r\n:1\r\n";
    private const string NotConfirmed = "-IOERR RedisProxy: executed, but not confirmed by 1 replica within 50 ms\r\n";

    [Fact]
    public async Task DeepPipeline_OneReplyNotConfirmed_IsAnsweredAlone()
    {
        await using SessionLab lab = await StartAsync(timeoutMs: 50);
        (RawClient client, RawClient backend) = await PipelineAsync(lab, string.Concat(Enumerable.Repeat(Set, Deep)));
        await backend.SendAsync(Ok);
        await client.ExpectAsync(NotConfirmed);
        await backend.SendAsync("-ERR no\r\n");
        await client.ExpectAsync("-ERR no\r\n");
        await backend.SendAsync(Ok);
        await client.ExpectAsync(NotConfirmed);
        Assert.Equal(0, lab.Counters.Ended.Sum());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task DeepPipeline_WritesBehindReads_AreHeld(int every)
    {
        await using SessionLab lab = await StartAsync();
        string requests = string.Concat(Enumerable.Range(0, Deep).Select(i => i % every == 0 ? Set : Get));
        (RawClient client, RawClient backend) = await PipelineAsync(lab, Get + requests);
        await backend.SendAsync(Nil + Ok + (every == 1 ? Ok : Nil) + Ok);
        RawClient asker = await AcceptAskerAsync(lab);
        await client.ExpectAsync(Nil);
        await asker.SendAsync(Yes);
        await client.ExpectAsync(Ok + (every == 1 ? Ok : Nil) + Ok);
    }

    [Theory]
    [InlineData("-")]
    [InlineData("!100000\r\n")]
    public async Task LargeError_BehindAReplyNotConfirmed_IsRelayedWhole(string head)
    {
        string script = Of("EVAL", "return 1", "0");
        await using SessionLab lab = await StartAsync(timeoutMs: 50);
        (RawClient client, RawClient backend) = await PipelineAsync(lab, Set + script + Get);
        await backend.SendAsync(Ok);
        await client.ExpectAsync(NotConfirmed);
        string error = $"{head}{new string('x', 100_000)}\r\n";
        await backend.SendAsync(error + Nil);
        Assert.Equal(error + Nil, await client.ReadExactlyAsync(error.Length + Nil.Length));
    }

    /// <summary>So many that the buffer has no room for more when what was received in time is taken.</summary>
    [Fact]
    public async Task RepliesThatWait_WhenTheMasterIsLost_AreSettledAsEver()
    {
        const int Reads = 1000;
        string value = $"$100\r\n{new string('v', 100)}\r\n";
        string values = string.Concat(Enumerable.Repeat(value, Reads));
        string reads = string.Concat(Enumerable.Repeat(Get, Reads));
        await using SessionLab lab = await StartAsync(hasLease: true);
        await lab.WhileLeaseRunsAsync(PlayAsync());

        async Task PlayAsync()
        {
            (RawClient client, RawClient backend) = await PipelineAsync(lab, Set + reads);
            await backend.SendAsync(Ok + values);
            await AcceptAskerAsync(lab);
            await lab.ShowAsync(Availability.Down, 1, lab.First);
            await lab.ServeSecondAsync();
            RawClient second = await lab.AcceptAsync(lab.Second);
            Assert.Equal(reads, await second.ReadExactlyAsync(reads.Length));
            await second.SendAsync(values);
            Assert.Equal(Unknown + values, await client.ReadExactlyAsync(Unknown.Length + values.Length));
        }
    }

    [Fact]
    public async Task HashImport_Writes()
    {
        string import = Of("HIMPORT", "SET", "k", "fs", "v");
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await PipelineAsync(lab, import);
        await backend.SendAsync(":1\r\n");
        RawClient asker = await AcceptAskerAsync(lab);
        Assert.Equal("", client.Pending);
        await asker.SendAsync(Yes);
        await client.ExpectAsync(":1\r\n");
    }

    /// <summary>The server learns of the client's end at once, and closes; the write before it is still acknowledged.</summary>
    [Fact]
    public async Task ClientThatHasFinished_WithAPopInFlight_GetsTheReplyBeforeIt()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await PipelineAsync(lab, Set + Of("BLPOP", "l", "0"));
        await backend.SendAsync(Ok);
        RawClient asker = await AcceptAskerAsync(lab);
        client.HalfClose();
        Assert.Equal("", (await backend.ReadToEndAsync()).Rest);
        await asker.SendAsync(Yes);
        Assert.Equal(Ok, (await client.ReadToEndAsync()).Rest);
    }

    [Fact]
    public async Task AskingConnectionsThatNeverAnswer_AreReplaced()
    {
        var time = new FakeTimeProvider();
        await using SessionLab lab = await StartAsync(timeoutMs: 30, time: time);
        (RawClient client, RawClient backend) = await PipelineAsync(lab, Get);
        await (client, backend).ServeAsync("", Nil);
        for (int i = 0; i < 16; i++)
        {
            await WriteAsync();
            await AcceptAskerAsync(lab);
            await GiveUpAsync();
        }

        await WriteAsync();
        await Eventually.Within(TimeSpan.FromSeconds(10), async () => await lab.CountHeldAsync() == 1, "the reply waits");
        await GiveUpAsync();
        Assert.False(lab.First.HasPendingConnection);

        // Servers say what they have at the end of the question's time; a second after it these are closed, and soon others are opened.
        await lab.PassAsync(time, TimeSpan.FromSeconds(1.1));
        await lab.PassAsync(time, TimeSpan.FromSeconds(0.2));
        await WriteAsync();
        RawClient asker = await AcceptAskerAsync(lab);
        await asker.SendAsync(Yes);
        await client.ExpectAsync(Ok);

        async Task WriteAsync()
        {
            await client.SendAsync(Set);
            await backend.ExpectAsync(Set);
            await backend.SendAsync(Ok);
        }

        async Task GiveUpAsync()
        {
            await lab.PassAsync(time, TimeSpan.FromMilliseconds(30 + (2 * TimerWheel.TickMs)));
            await client.ReadUntilAsync("within 30 ms\r\n");
        }
    }

    [Fact]
    public async Task MoreAnswersThanQuestions_AnswerNothing()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await PipelineAsync(lab, Set);
        await backend.SendAsync(Ok);
        RawClient asker = await AcceptAskerAsync(lab);
        await asker.SendAsync(Yes + ":1\r\n");
        asker = await AcceptAskerAsync(lab);
        Assert.Equal("", client.Pending);
        await asker.SendAsync(Yes);
        await client.ExpectAsync(Ok);
    }

    private static async Task<RawClient> AcceptAskerAsync(SessionLab lab)
    {
        RawClient asker = await lab.AcceptAsync(lab.First);
        await asker.ReadUntilAsync("redisproxy-durable\r\n");
        await asker.SendAsync(Ok);
        await asker.ReadUntilAsync("WAIT\r\n$1\r\n1\r\n$");
        await asker.ReadUntilAsync("\r\n");
        await asker.ReadUntilAsync("\r\n");
        return asker;
    }

    /// <summary>The backend has received all of it.</summary>
    private static async Task<(RawClient Client, RawClient Backend)> PipelineAsync(SessionLab lab, string requests)
    {
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        Task sending = client.SendAsync(requests);
        Assert.Equal(requests, await backend.ReadExactlyAsync(requests.Length));
        await sending;
        return (client, backend);
    }

    private static Task<SessionLab> StartAsync(int timeoutMs = 60_000, bool hasLease = false, TimeProvider? time = null)
    {
        var durable = new DurableOptions { Replicas = 1, Timeout = TimeSpan.FromMilliseconds(timeoutMs) };
        ListenerOptions listener = SessionLab.SharingOptions(links: 0).Listeners[0] with { Durable = durable };
        return SessionLab.StartAsync(SessionLab.Options(listener), time, hasLease);
    }
}
