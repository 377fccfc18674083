using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>
/// A change of the connection's state that was not executed: nothing that the client sends behind it may run, wherever it is by then. It
/// would run in another database, or as another user.
/// </summary>
public sealed class LostStateTests
{
    private static readonly TimeSpan ShortHold = TimeSpan.FromMilliseconds(300);

    public static TheoryData<string> Changes { get; } =
    [
        Requests.Of("SELECT", "5"),
        Requests.Of("AUTH", "low", "pw"),
        Requests.Of("HELLO", "3", "AUTH", "low", "pw"),
        Requests.Of("RESET"),
        Requests.Of("CLIENT", "REPLY", "ON"),
        Requests.Of("CLIENT", "TRACKING", "ON"),
        Requests.Of("CLIENT", "SETNAME", "n"),
        Requests.Of("READONLY"),
        Requests.Of("WATCH", "k"),
        Requests.Of("SUBSCRIBE", "c"),
        Requests.Of("MONITOR"),
        "SELECT 5\r\n",
    ];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task PastItsDeadline_NothingBehindItIsEverExecuted(string change)
    {
        await using SessionLab lab = await SessionLab.StartAsync(Options(ShortHold));
        RawClient client = await lab.ConnectAsync();

        // Half a request: it is complete only when the error is on its way.
        await client.SendAsync(change + Requests.Set[..^4]);
        await client.ExpectAsync(Requests.NotExecuted);
        await client.TrySendAsync(Requests.Set[^4..] + Requests.Set);
        await lab.ServeFirstAsync();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.StateInDoubt] == 1, "the cause is counted");
        Assert.False(lab.First.HasPendingConnection);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task WhatWaitsBehindIt_IsAnsweredAndTheSessionEnds(string change)
    {
        await using SessionLab lab = await SessionLab.StartAsync(Options(ShortHold));
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Get + change + Requests.Set + Requests.Get);
        ConnectionEnd end = await client.ReadToEndAsync();
        Assert.False(end.WasReset);
        Assert.StartsWith(Requests.NotExecuted + Requests.NotExecuted, end.Rest, StringComparison.Ordinal);
    }

    /// <summary>What is not framed behind it belongs to no request, so nobody would ever send it.</summary>
    [Theory]
    [InlineData("SUBSCRIBE", "c")]
    [InlineData("SUBSCRIBE")]
    [InlineData("CLIENT", "REPLY", "ON")]
    [InlineData("MONITOR")]
    public async Task EndOfFramingInATransactionThatIsPlayed_EndsTheSession(params string[] request)
    {
        var time = new FakeTimeProvider();
        await using SessionLab lab = await SessionLab.StartAsync(Options(ShortHold), time);
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Of("MULTI") + Requests.Set);
        await lab.HoldsAsync(2);

        // It waits when SET expires, and would itself expire a little later. What follows it is not read.
        await lab.PassAsync(time, ShortHold / 2);
        await client.SendAsync(Requests.Of(request) + Requests.Get);
        await lab.HoldsAsync(3);
        await lab.PassAsync(time, ShortHold / 2);
        Assert.Equal("+OK\r\n" + Requests.NotExecuted + "+QUEUED\r\n", (await client.ReadToEndAsync()).Rest);
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.StateInDoubt] == 1, "the cause is counted");
    }

    /// <summary>Whoever has sent all of it at once means the database in which the transaction would have left it.</summary>
    [Theory]
    [InlineData("SELECT", "5")]
    [InlineData("AUTH", "low", "pw")]
    [InlineData("CLIENT", "SETNAME", "n")]
    [InlineData("CLIENT", "TRACKING", "ON")]
    [InlineData("HELLO", "3", "AUTH", "low", "pw")]
    [InlineData("READONLY")]
    public async Task ChangeInATransactionThatLostAPart_NothingBehindItIsExecuted(params string[] change)
    {
        await using SessionLab lab = await SessionLab.StartAsync(Options(ShortHold));
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Multi + Requests.Set);
        await client.ExpectAsync("+OK\r\n" + Requests.NotExecuted);
        await client.SendAsync(Requests.Of(change) + Requests.Exec + Requests.Set[..^4]);
        await client.ExpectAsync("+QUEUED\r\n" + Requests.Aborted);
        await client.TrySendAsync(Requests.Set[^4..] + Requests.Set);
        await lab.ServeFirstAsync();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.StateInDoubt] == 1, "the cause is counted");
        Assert.False(lab.First.HasPendingConnection);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ChangeInATransactionThatLostAPart_BehindOthersAndByteByByte_IsNoBetter(bool isResp3)
    {
        await using SessionLab lab = await SessionLab.StartAsync(Options(ShortHold));
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        if (isResp3)
        {
            await (client, first).ExchangeAsync(Requests.Of("HELLO", "3"), "%1\r\n$5\r\nproto\r\n:3\r\n");
        }

        await lab.ShowAsync(Availability.Down, 1, lab.First);
        await client.SendAsync(Requests.Get + Requests.Multi + Requests.Set);
        await client.ExpectAsync(Requests.NotExecuted + "+OK\r\n" + Requests.NotExecuted);
        foreach (char one in Requests.Of("SELECT", "5") + Requests.Exec)
        {
            await client.SendAsync(one.ToString());
        }

        await client.ExpectAsync("+QUEUED\r\n" + Requests.Aborted);
        await lab.ServeFirstAsync();
        await client.TrySendAsync(Requests.Set + Requests.Set);
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        Assert.Equal("", (await first.ReadToEndAsync()).Rest);
    }

    /// <summary>A queue that is too large to be said again at the next master.</summary>
    [Fact]
    public async Task ChangeInATransactionThatCannotMove_EndsTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string large = Requests.Of("SET", "k", new string('x', 100_000));
        await (client, first).ExchangeAsync(
            Requests.Multi + Requests.Of("SELECT", "5") + large, "+OK\r\n+QUEUED\r\n+QUEUED\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await client.SendAsync(Requests.Exec + Requests.Set);
        Assert.Equal(Requests.Aborted, (await client.ReadToEndAsync()).Rest[..Requests.Aborted.Length]);

        // A link that is made while an EXEC waits asks for a proof first.
        Assert.Equal("", (await second.ReadToEndAsync()).Rest.Replace(Requests.Of("PING"), ""));
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task InALongOutage_ItIsRefusedAtOnceWithAllBehindIt(string change)
    {
        await using SessionLab lab = await SessionLab.StartAsync(SessionLab.Options() with
        {
            Hold = new HoldOptions { Timeout = TimeSpan.FromMinutes(1), MaxOutage = TimeSpan.FromMilliseconds(1) },
        });
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await lab.ShowAsync(Availability.Down, 1, lab.First);
        first.Dispose();
        await Eventually.Within(
            TimeSpan.FromSeconds(10), () => lab.Loop.InvokeAsync(() => lab.FailsFast), "the outage is a long one");
        await client.SendAsync(change + Requests.Set[..^4]);
        await client.ExpectAsync(Requests.NotExecuted);
        await lab.ServeFirstAsync();
        await client.TrySendAsync(Requests.Set[^4..] + Requests.Set);
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
    }

    [Fact]
    public async Task ThousandsOfRequestsBehindIt_ReachNobody()
    {
        await using SessionLab lab = await SessionLab.StartAsync(Options(ShortHold));
        RawClient client = await lab.ConnectAsync();
        string requests = Requests.Of("SELECT", "5")
            + string.Concat(Enumerable.Range(0, 20_000).Select(i => Requests.Of("SET", $"{i:00000}", new string('v', 100))));
        Task sending = client.TrySendAsync(requests);
        await SessionLab.EventuallyAsync(() => lab.Counters.ProxyReplies[(int)Outcome.NotExecuted] > 0, "the first is given up");
        await lab.ServeFirstAsync();
        ConnectionEnd end = await client.ReadToEndAsync();
        await sending;
        Assert.All(
            end.Rest.Split("\r\n", StringSplitOptions.RemoveEmptyEntries),
            line => Assert.StartsWith("-LOADING", line, StringComparison.Ordinal));
        Assert.False(lab.First.HasPendingConnection);
    }

    [Fact]
    public async Task BehindWhatIsInFlight_ItStopsTheWay()
    {
        await using SessionLab lab = await SessionLab.StartAsync(Options(ShortHold));
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Get);
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First);
        await client.SendAsync(Requests.Of("SELECT", "5") + Requests.Set);
        await SessionLab.EventuallyAsync(() => lab.Counters.Holds.Counts.Sum() == 2, "both are given up");
        await client.SendAsync(Requests.Set);
        await lab.ServeFirstAsync();
        await first.SendAsync("$1\r\n1\r\n");
        Assert.Equal(
            new ConnectionEnd("$1\r\n1\r\n" + Requests.NotExecuted + Requests.NotExecuted + Requests.NotExecuted, WasReset: false),
            await client.ReadToEndAsync());
        Assert.Equal("", (await first.ReadToEndAsync()).Rest);
    }

    [Fact]
    public async Task LostInFlightAndNotKept_NothingBehindItIsExecuted()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string requests = Requests.Of("SELECT", "5")
            + string.Concat(Enumerable.Range(0, 3000).Select(i => Requests.Of("SET", $"{i:0000}", new string('v', 100))));
        Task sending = client.SendAsync(requests);
        Assert.Equal(requests, await first.ReadExactlyAsync(requests.Length));
        await sending;
        await lab.ServeSecondAsync();
        ConnectionEnd end = await client.ReadToEndAsync();
        Assert.StartsWith(Requests.Unknown, end.Rest, StringComparison.Ordinal);
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.StateInDoubt] == 1, "the cause is counted");
    }

    [Fact]
    public async Task ChangeInATransactionOfUnknownOutcome_EndsTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Multi + Requests.Of("SELECT", "5"), "+OK\r\n+QUEUED\r\n");
        await client.SendAsync(Requests.Exec);
        await first.ExpectAsync(Requests.Exec);
        await client.SendAsync(Requests.Get);
        await lab.ServeSecondAsync();
        ConnectionEnd end = await client.ReadToEndAsync();
        Assert.StartsWith(Requests.Unknown, end.Rest, StringComparison.Ordinal);
        Assert.False(lab.Second.HasPendingConnection);
    }

    [Fact]
    public async Task TransactionWithoutChangesOfUnknownOutcome_LeavesTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Multi + Requests.Set, "+OK\r\n+QUEUED\r\n");
        await client.SendAsync(Requests.Exec);
        await first.ExpectAsync(Requests.Exec);
        await lab.ServeSecondAsync();
        await client.ExpectAsync(Requests.Unknown);
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    [Fact]
    public async Task InputThatStayedWithTheKernel_HasNoNewDeadlineWithEachReceive()
    {
        await using SessionLab lab = await SessionLab.StartAsync(Options(TimeSpan.FromSeconds(2)));
        RawClient client = await lab.ConnectAsync();
        int count = 5000;
        string requests = string.Concat(Enumerable.Range(0, count).Select(i => Requests.Of("SET", $"{i:0000}", new string('v', 100))));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        Task sending = client.SendAsync(requests);
        for (int i = 0; i < count; i++)
        {
            Assert.Equal("LOADING", (await client.ReadReplyAsync()).ErrorCode);
        }

        await sending;

        // 600 KiB, of which 64 KiB wait here at a time: with two seconds for each it would take twenty.
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(12));
    }

    [Fact]
    public async Task WriteThatWaitsForAMajority_IsDroppedWithItsClient()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await lab.ShowAsync(Availability.ReadsOnly, 1, lab.First);
        await client.SendAsync(Requests.Get + Requests.Set);
        await (client, first).ServeAsync(Requests.Get, "$1\r\n1\r\n");
        client.HalfClose();
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.ClientGaveUp] == 1, "the client gave up");
        await lab.ServeFirstAsync();
        Assert.Equal("", (await first.ReadToEndAsync()).Rest);
    }

    [Fact]
    public async Task ReadThatEndsItsConnections_EndsTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Get);
        first.Dispose();
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "the loss is reported");
        await lab.ServeFirstAsync();
        RawClient again = await lab.AcceptAsync(lab.First);
        await again.ExpectAsync(Requests.Get);
        again.Dispose();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.LostAgain] == 1, "the cause is counted");
    }

    [Fact]
    public async Task ReadThatEndsOneConnectionOfEachMaster_IsNotCarriedOnWithoutEnd()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Get);
        for (int generation = 2; generation <= 4; generation++)
        {
            await backend.ExpectAsync(Requests.Get);
            backend.Dispose();
            await SessionLab.EventuallyAsync(() => lab.Suspicions == generation - 1, "the loss is reported");
            if (generation < 4)
            {
                ScriptedBackend next = generation % 2 == 0 ? lab.Second : lab.First;
                await lab.ShowAsync(Availability.Available, generation, next);
                backend = await lab.AcceptAsync(next);
            }
        }

        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
    }

    [Fact]
    public async Task ReadThatWasSentAndWaitsTooLong_IsNotCalledNotExecuted()
    {
        await using SessionLab lab = await SessionLab.StartAsync(Options(ShortHold));
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Get);
        await client.SendAsync(Requests.Set[..^4]);
        first.Dispose();
        await client.ExpectAsync(Requests.Unknown);
    }

    [Theory]
    [InlineData("SELECT", "5")]
    [InlineData("CLIENT", "REPLY", "ON")]
    [InlineData("CLIENT", "SETNAME", "n")]
    public async Task ChangeThatWasSentAndWaitsTooLong_IsNotCalledNotExecuted(params string[] change)
    {
        await using SessionLab lab = await SessionLab.StartAsync(Options(ShortHold));
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Of(change) + Requests.Set);
        await lab.ShowAsync(Availability.Down, 1, lab.First);
        first.Dispose();
        Assert.Equal(new ConnectionEnd(Requests.Unknown + Requests.Unknown, WasReset: false), await client.ReadToEndAsync());
    }

    private static ProxyOptions Options(TimeSpan hold) => SessionLab.Options() with { Hold = new HoldOptions { Timeout = hold } };
}
