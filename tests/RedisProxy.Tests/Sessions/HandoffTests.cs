using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

using static RedisProxy.Tests.Sessions.HandoffScene;
using static RedisProxy.Tests.Sessions.Requests;

namespace RedisProxy.Tests.Sessions;

/// <summary>When clients are told of a hold, and where that stands among their replies.</summary>
public sealed class HandoffTests
{
    [Fact]
    public async Task IdleClient_IsToldOfAHoldAndOfItsEnd()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await ConnectTakingPartAsync(lab);
        await client.ExpectHoldAsync(lab);
        await client.ExpectHoldAsync(lab);
        await (client, backend).ExpectNothingAsync();
        Assert.Equal((2, 2, 0), CountsOf(lab));
        await lab.CountPendingAsync();
        Assert.Equal(1, lab.Counters.HandoffSessions);
    }

    [Fact]
    public async Task Hold_IsOneEventThroughAllItsViews()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, _) = await ConnectTakingPartAsync(lab);
        string opener = await BeginHoldAsync(lab);
        await lab.ShowAsync(Availability.Down, 1, lab.First);
        await lab.ShowAsync(Availability.Verifying, 2, lab.Second);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Of("HELLO", "3"));

        // Its requests have nowhere to go yet.
        await client.ExpectAsync(opener);
        await second.SendAsync(Hello3);
        await client.ExpectAsync(Over(lab));
    }

    [Fact]
    public async Task WhoAsksInTheMiddleOfAHold_IsToldOfBoth()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Of("HELLO", "3"), Hello3);
        string opener = await BeginHoldAsync(lab);
        await client.SendAsync(Ask);
        await client.ExpectAsync(Ok + opener);
        await client.SendAsync(Ask);
        await client.ExpectAsync(Ok);
        await client.ExpectAsync(await EndHoldAsync(lab));
    }

    [Fact]
    public async Task Pushes_StandBetweenTheRepliesToAPipeline()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await ConnectTakingPartAsync(lab);
        await client.SendAsync(Get + Get + Set);
        await backend.ExpectAsync(Get + Get + Set);
        await backend.SendAsync("$5\r\nfirst\r\n$6\r\nsec");
        await client.ExpectAsync("$5\r\nfirst\r\n");
        await client.ExpectAsync(await BeginHoldAsync(lab));
        await backend.SendAsync("ond\r\n+O");
        await client.ExpectAsync("$6\r\nsecond\r\n");
        await client.ExpectAsync(await EndHoldAsync(lab));
        await backend.SendAsync("K\r\n");
        await client.ExpectAsync(Ok);
    }

    /// <summary>Longer than what is kept whole: the client has the first part already.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LargeReply_IsNotInterrupted(bool isMessage)
    {
        const int Bytes = 300_000;
        string value = new('x', Bytes);
        string reply = isMessage ? $">3\r\n$7\r\nmessage\r\n$1\r\na\r\n${Bytes}\r\n{value}\r\n" : $"${Bytes}\r\n{value}\r\n";
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await ConnectTakingPartAsync(lab);
        if (!isMessage)
        {
            await client.SendAsync(Get);
            await backend.ExpectAsync(Get);
        }

        await backend.SendAsync(reply[..200_000]);
        Assert.Equal(reply[..100_000], await client.ReadExactlyAsync(100_000));
        string opener = await BeginHoldAsync(lab);
        if (isMessage)
        {
            // The answer to it waits as well.
            await client.SendAsync(Ask);
        }

        await backend.SendAsync(reply[200_000..]);
        await client.ExpectAsync(reply[100_000..] + opener + (isMessage ? Ok : ""));
        await client.ExpectAsync(await EndHoldAsync(lab));
    }

    /// <summary>Both events have passed when it is its turn, so there is nothing to say.</summary>
    [Fact]
    public async Task HoldWithinALargeReply_IsNotTold()
    {
        string reply = $"$300000\r\n{new string('x', 300_000)}\r\n";
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await ConnectTakingPartAsync(lab);
        await client.SendAsync(Get);
        await backend.ExpectAsync(Get);
        await backend.SendAsync(reply[..200_000]);
        Assert.Equal(reply[..100_000], await client.ReadExactlyAsync(100_000));
        await BeginHoldAsync(lab);
        await EndHoldAsync(lab);
        await backend.SendAsync(reply[200_000..]);
        await client.ExpectAsync(reply[100_000..]);
        await client.ExpectHoldAsync(lab);
    }

    [Fact]
    public async Task ClientThatDoesNotRead_IsToldOnceAndInOrderWhenItReads()
    {
        const int Bytes = 8 * 1024 * 1024;
        string reply = $"${Bytes}\r\n{new string('x', Bytes)}\r\n";
        await using SessionLab lab = await StartAsync();
        await lab.ServeFirstAsync();
        RawClient client = await lab.ConnectAsync(receiveBufferBytes: 4096);
        RawClient backend = await lab.AcceptAsync(lab.First);
        await client.SendAsync(Of("HELLO", "3") + Ask + Get);
        await backend.ExpectAsync(Of("HELLO", "3") + Get);
        await backend.SendAsync(Hello3);
        await client.ExpectAsync(Hello3 + Ok);
        Task sending = backend.SendAsync(reply);
        await SessionLab.EventuallyAsync(() => lab.Counters.ReplyBytes > 200, "it is under way");
        for (int i = 0; i < 100; i++)
        {
            await BeginHoldAsync(lab);
            await EndHoldAsync(lab);
        }

        string opener = await BeginHoldAsync(lab);
        Assert.Equal(reply, await client.ReadExactlyAsync(reply.Length));
        await sending;
        await client.ExpectAsync(opener);
        await client.ExpectAsync(await EndHoldAsync(lab));
        Assert.Equal((1, 1, 0), CountsOf(lab));
    }

    [Fact]
    public async Task Transaction_IsToldBetweenItsReplies()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await ConnectTakingPartAsync(lab);
        await (client, backend).ExchangeAsync(Multi + Set, Ok + "+QUEUED\r\n");
        await client.ExpectHoldAsync(lab);
        await (client, backend).ExchangeAsync(Exec, "*1\r\n+OK\r\n");
    }

    /// <summary>From there on it is unknown where a reply ends.</summary>
    [Fact]
    public async Task Monitor_IsNotInterrupted()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await ConnectTakingPartAsync(lab);
        await (client, backend).ExchangeAsync(Of("MONITOR"), Ok + "+1 \"GE");
        await BeginHoldAsync(lab);
        await EndHoldAsync(lab);
        await backend.SendAsync("T\"\r\n");
        await client.ExpectAsync("T\"\r\n");
    }

    [Fact]
    public async Task ReplyThatWaitsForReplicas_DoesNotKeepPushesBack()
    {
        await using SessionLab lab = await StartAsync(listener => listener with
        {
            Durable = new DurableOptions { Replicas = 1, Timeout = TimeSpan.FromSeconds(10) },
        });
        (RawClient client, RawClient backend) = await ConnectTakingPartAsync(lab);
        await client.SendAsync(Set);
        await backend.ExpectAsync(Set);
        await backend.SendAsync(Ok);
        RawClient asker = await lab.AcceptAsync(lab.First);
        await Eventually.Within(TimeSpan.FromSeconds(10), async () => await lab.CountHeldAsync() == 1, "the reply waits");
        await client.ExpectHoldAsync(lab);
        string greeting = Of("CLIENT", "SETNAME", "redisproxy-durable");
        await asker.ReadUntilAsync(greeting);
        await asker.SendAsync(Ok);
        await asker.ReadUntilAsync("WAIT\r\n$1\r\n1\r\n");
        await asker.SendAsync(":0\r\n:1\r\n");
        await client.ExpectAsync(Ok);
    }

    [Fact]
    public async Task SharedLink_TellsWhoAskedAndNobodyElse()
    {
        await using SessionLab lab = await StartAsync(listener => listener with { Multiplex = new MultiplexOptions { Links = 1 } });
        (RawClient other, RawClient link) = await SharingScene.JoinFirstAsync(lab);
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Of("HELLO", "3"));
        RawClient own = await SharingScene.AcceptOwnAsync(lab);
        await own.ExpectAsync(Of("HELLO", "3"));
        await own.SendAsync(Hello3);
        await client.ExpectAsync(Hello3);
        await SharingScene.ReturnedAsync(lab);

        // It has no link now, and needs none for this.
        await client.SendAsync(Ask);
        await client.ExpectAsync(Ok);
        await client.ExpectHoldAsync(lab);
        await (other, link).ExpectNothingAsync();
        Assert.Equal((1, 1, 0), CountsOf(lab));
    }

    [Fact]
    public async Task Numbers_GrowFromTheTimeOfDayAndNeverRepeat()
    {
        var time = new ManualTime();
        var numbers = new HandoffNumbers(time);
        long[] first = [numbers.Next(), numbers.Next(), numbers.Next()];
        Assert.Equal([time.Milliseconds, time.Milliseconds + 1, time.Milliseconds + 2], first);
        var successor = new HandoffNumbers(new ManualTime { Milliseconds = time.Milliseconds + 1000 });
        Assert.True(successor.Next() > first[2]);
        Task<long[]>[] takers = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            Enumerable.Range(0, 1000).Select(_ => numbers.Next()).ToArray()))];
        long[][] taken = await Task.WhenAll(takers);
        Assert.Equal(4000, taken.SelectMany(static of => of).Distinct().Count());
    }

    private static (long FailingOver, long FailedOver, long Moving) CountsOf(SessionLab lab) => (
        lab.Counters.Handoffs[(int)HandoffEvent.FailingOver],
        lab.Counters.Handoffs[(int)HandoffEvent.FailedOver],
        lab.Counters.Handoffs[(int)HandoffEvent.Moving]);

    private sealed class ManualTime : TimeProvider
    {
        public long Milliseconds { get; init; } = 1_700_000_000_000;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Milliseconds);
    }
}
