using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>How long requests took, and which of them are kept as slow, on a clock of the test's own.</summary>
public sealed class RequestTimingTests
{
    private const string Nil = "$-1\r\n";
    private const string Ok = "+OK\r\n";

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("GET", RequestClass.Read)]
    [InlineData("SET", RequestClass.Write)]
    [InlineData("EVAL", RequestClass.Script)]
    [InlineData("BLPOP", RequestClass.Blocking)]
    [InlineData("WAIT", RequestClass.Blocking)]
    [InlineData("MULTI", RequestClass.Connection)]
    [InlineData("NEVERHEARD", RequestClass.Write)]
    public async Task Request_IsCountedByItsClass_FromItsDispatchToItsReply(string command, object expected)
    {
        await using SessionLab lab = await SessionLab.StartAsync(time: _time);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        string request = command == "MULTI" ? Requests.Of(command) : Requests.Of(command, "1", "1");
        await client.SendAsync(request);
        await backend.ExpectAsync(request);
        await PassAsync(lab, TimeSpan.FromMicroseconds(3100));
        await backend.SendAsync(Ok);
        await client.ExpectAsync(Ok);

        DurationHistogram counted = lab.Counters.Times.Of(RequestStage.Backend, (RequestClass)expected);
        Assert.Equal(3100, counted.Sum);
        Assert.Equal(1, counted.Counts[Array.IndexOf(RequestTimes.BoundsUs, 5000)]);
        Assert.Equal(1, TotalOf(lab.Counters));
    }

    [Fact]
    public async Task Replies_ReadTogether_CountOnce()
    {
        await using SessionLab lab = await SessionLab.StartAsync(time: _time);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        string requests = string.Concat(Enumerable.Repeat(Requests.Get, 50));
        string replies = string.Concat(Enumerable.Repeat(Nil, 50));
        await client.SendAsync(requests);
        await backend.ExpectAsync(requests);
        await backend.SendAsync(replies);
        await client.ExpectAsync(replies);

        Assert.Equal(50, lab.Counters.Requests);
        Assert.InRange(TotalOf(lab.Counters), 1, 5);
    }

    [Fact]
    public async Task Request_HeldForAMaster_IsCountedApartFromItsTimeThere()
    {
        await using SessionLab lab = await SessionLab.StartAsync(time: _time);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await lab.ShowAsync(Availability.Down, 1, lab.First);
        await client.SendAsync(Requests.Get);
        await Eventually.Within(TimeSpan.FromSeconds(10), async () => await lab.CountWaitingAsync() == 1, "it waits");
        await PassAsync(lab, TimeSpan.FromMilliseconds(700));
        await lab.ShowAsync(Availability.Available, 1, lab.First);
        await backend.ExpectAsync(Requests.Get);
        await PassAsync(lab, TimeSpan.FromMilliseconds(2));
        await backend.SendAsync(Nil);
        await client.ExpectAsync(Nil);

        RequestTimes times = lab.Counters.Times;
        Assert.Equal(700_000, times.Of(RequestStage.Hold, RequestClass.Read).Sum);
        Assert.Equal(2_000, times.Of(RequestStage.Backend, RequestClass.Read).Sum);
        Assert.Equal(0, times.Of(RequestStage.Wait, RequestClass.Read).Sum);
    }

    /// <summary>The clock of a request comes round in 71 minutes.</summary>
    [Fact]
    public async Task Request_OfHours_IsNotTakenForAShortOne()
    {
        await using SessionLab lab = await SessionLab.StartAsync(time: _time);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Get);
        await backend.ExpectAsync(Requests.Get);
        await PassAsync(lab, TimeSpan.FromMicroseconds(1L << 32) + TimeSpan.FromMilliseconds(1));
        await backend.SendAsync(Nil);
        await client.ExpectAsync(Nil);

        Assert.Equal(1, lab.Counters.Times.Of(RequestStage.Backend, RequestClass.Read).Counts[^1]);
    }

    [Theory]
    [InlineData("*2\r\n$3\r\nGET\r\n$5\r\nmykey\r\n", "GET", "mykey")]
    [InlineData("*3\r\n$3\r\nset\r\n$2\r\n\u0001\u00ff\r\n$6\r\nsecret\r\n", "SET", "\u0001\ufffd")]
    [InlineData("\r\n*0\r\n*-1\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "GET", "k")]
    [InlineData("get 'a key'\r\n", "GET", "a key")]
    [InlineData("*1\r\n$4\r\nPING\r\n", "PING", null)]
    [InlineData("*2\r\n$4\r\nECHO\r\n$6\r\nsecret\r\n", "ECHO", null)]
    [InlineData("*2\r\n$4\r\nAUHT\r\n$6\r\nsecret\r\n", "AUHT", null)]
    [InlineData("*3\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n0\r\n", "EVAL", null)]
    [InlineData("*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n", "AUTH", null)]
    [InlineData("*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$6\r\nsecret\r\n", "HELLO", null)]
    public async Task SlowRequest_IsKeptWithItsCommandAndItsKey_AndNothingElse(string request, string command, string? key)
    {
        await using SessionLab lab = await SessionLab.StartAsync(time: _time);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(request);
        // What redis would skip is not sent.
        await backend.ExpectAsync(request[Math.Max(0, request.LastIndexOf('*'))..]);
        await PassAsync(lab, TimeSpan.FromMilliseconds(100));
        await backend.SendAsync(Ok);
        await client.ExpectAsync(Ok);

        SlowRequest slow = Assert.Single(await lab.Loop.InvokeAsync(() => lab.Counters.Slow.Newest(10)));
        Assert.Equal((command, key, 100_000L, 1), (slow.Command, slow.Key, slow.Us, slow.Replies));
        Assert.DoesNotContain("secret", slow.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SlowRequests_AreTheLastOnes_FromTheThresholdOn_AndNotPops()
    {
        ProxyOptions options = SessionLab.Options() with { Slowlog = new SlowlogOptions { Threshold = TimeSpan.FromMilliseconds(7) } };
        await using SessionLab lab = await SessionLab.StartAsync(options, _time);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await AnswerAsync(Requests.Of("GET", "fast"), TimeSpan.FromMilliseconds(6.9));
        await AnswerAsync(Requests.Of("BLPOP", "k", "0"), TimeSpan.FromSeconds(5));
        Assert.Equal(0, lab.Counters.Slow.Count);

        for (int i = 0; i < SlowRequests.Kept + 2; i++)
        {
            await AnswerAsync(Requests.Of("GET", $"k{i}"), TimeSpan.FromMilliseconds(7));
        }

        IReadOnlyList<SlowRequest> kept = await lab.Loop.InvokeAsync(() => lab.Counters.Slow.Newest(int.MaxValue));
        Assert.Equal(Enumerable.Range(2, SlowRequests.Kept).Reverse().Select(i => $"k{i}"), kept.Select(slow => slow.Key));
        Assert.Equal(SlowRequests.Kept + 2, lab.Counters.Slow.Count);

        async Task AnswerAsync(string request, TimeSpan after)
        {
            await client.SendAsync(request);
            await backend.ExpectAsync(request);
            await PassAsync(lab, after);
            await backend.SendAsync(Nil);
            await client.ExpectAsync(Nil);
        }
    }

    /// <summary>Requests that can no longer be sent again have one entry for many of them, and one time.</summary>
    [Fact]
    public async Task SlowRequests_OfAVeryLongPipeline_AreFew()
    {
        const int Many = 40_000;
        await using SessionLab lab = await SessionLab.StartAsync(time: _time);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        string requests = string.Concat(Enumerable.Repeat(Requests.Get, Many));
        string replies = string.Concat(Enumerable.Repeat(Nil, Many));
        Task sending = client.SendAsync(requests);
        Assert.Equal(requests, await backend.ReadExactlyAsync(requests.Length));
        await sending;
        await PassAsync(lab, TimeSpan.FromSeconds(1));
        Task answering = backend.SendAsync(replies);
        Assert.Equal(replies, await client.ReadExactlyAsync(replies.Length));
        await answering;

        Assert.Equal(Many, lab.Counters.Requests);
        Assert.InRange(lab.Counters.Slow.Count, 1, Many / 100);
    }

    [Fact]
    public async Task SlowRequests_OfAThresholdOfZero_AreNotKept()
    {
        ProxyOptions options = SessionLab.Options() with { Slowlog = new SlowlogOptions { Threshold = TimeSpan.Zero } };
        await using SessionLab lab = await SessionLab.StartAsync(options, _time);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Get);
        await backend.ExpectAsync(Requests.Get);
        await PassAsync(lab, TimeSpan.FromHours(3));
        await backend.SendAsync(Nil);
        await client.ExpectAsync(Nil);

        Assert.Equal(0, lab.Counters.Slow.Count);
    }

    private static long TotalOf(SessionCounters counters) => Enum.GetValues<RequestClass>()
        .Sum(requests => counters.Times.Of(RequestStage.Backend, requests).Counts.Sum());

    // What was received before belongs to the time before.
    private async Task PassAsync(SessionLab lab, TimeSpan span)
    {
        await lab.Loop.InvokeAsync(static () => true);
        _time.Advance(span);
        await lab.Loop.InvokeAsync(static () => true);
    }
}
