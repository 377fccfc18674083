using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>What becomes of requests whose backend is lost or superseded.</summary>
public sealed class LossTests
{
    [Fact]
    public async Task IdleSession_WhenSuperseded_MovesAndItsClientSeesNothing()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        Assert.True((await first.ReadToEndAsync()).WasReset);
        await (client, second).ExchangeAsync(Requests.Set, "+OK\r\n");
    }

    [Fact]
    public async Task WriteInFlight_WhenSuperseded_IsUnknownAndNeverSentAgain()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Set);
        await lab.ServeSecondAsync();
        await client.ExpectAsync(Requests.Unknown);
        RawClient second = await lab.AcceptAsync(lab.Second);
        await client.SendAsync(Requests.Get);
        await second.ExpectAsync(Requests.Get);
        Assert.Equal(1, lab.Counters.ProxyReplies[(int)Outcome.Unknown]);
    }

    [Fact]
    public async Task LateAcknowledgement_OfASupersededMaster_IsNotRelayed()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Set);
        await lab.ShowAsync(Availability.Verifying, 2, lab.Second);

        // It may be too late even to send it; what counts is that the client does not see it.
        await Record.ExceptionAsync(() => first.SendAsync("+OK\r\n"));
        await client.ExpectAsync(Requests.Unknown);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public async Task Acknowledgement_OfADoubtfulMaster_WaitsUntilItIsKnownWhoTheMasterIs(bool isPromoting, bool isSuperseded)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Set);
        await lab.ShowAsync(isPromoting ? Availability.PlannedHold : Availability.Down, 1, lab.First, isPromoting);
        await first.SendAsync("+OK\r\n");
        await (isSuperseded ? lab.ServeSecondAsync() : lab.ServeFirstAsync());
        await client.ExpectAsync(isSuperseded ? Requests.Unknown : "+OK\r\n");
    }

    [Fact]
    public async Task WriteInFlight_WhenAMasterTakenForDownDies_IsUnknownAtOnce()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Set);
        await lab.ShowAsync(Availability.Down, 1, lab.First);
        first.Dispose();
        await client.ExpectAsync(Requests.Unknown);
    }

    [Fact]
    public async Task ReadInFlight_WhenItsBackendDies_IsSentAgainOnTheNext()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Get);
        first.Dispose();
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "the loss is reported");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(Requests.Get, "$1\r\nv\r\n");
        Assert.Equal(1, lab.Counters.Resent);
    }

    [Fact]
    public async Task Pipeline_OfReadsAndWrites_KeepsEveryAnswerInItsPlace()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string pipeline = Requests.Of("GET", "a") + Requests.Of("SET", "b", "1") + Requests.Of("GET", "c") + Requests.Of("INCR", "d")
            + Requests.Of("GET", "e");
        await (client, first).ExchangeAsync(pipeline, "$1\r\nA\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("GET", "c") + Requests.Of("GET", "e"));
        await second.SendAsync("$1\r\nC\r\n$1\r\nE\r\n");
        await client.ExpectAsync(Requests.Unknown + "$1\r\nC\r\n" + Requests.Unknown + "$1\r\nE\r\n");
    }

    [Fact]
    public async Task Read_LostTwice_IsSentAThirdTime()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Get);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Get);
        await lab.ShowAsync(Availability.Available, 3, lab.First);
        RawClient third = await lab.AcceptAsync(lab.First);
        await (client, third).ServeAsync(Requests.Get, "_\r\n");
    }

    [Fact]
    public async Task Read_WhenReadsAreNotResent_IsUnknown()
    {
        ProxyOptions options = SessionLab.Options() with { Replay = new ReplayOptions { Reads = false } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Get);
        await lab.ServeSecondAsync();
        await client.ExpectAsync(Requests.Unknown);
    }

    [Fact]
    public async Task UnknownOutcome_WhenConfiguredToDisconnect_ClosesAfterTheRepliesBefore()
    {
        ProxyOptions options = SessionLab.Options() with
        {
            Replay = new ReplayOptions { OnUnknownOutcome = UnknownOutcomeAction.Disconnect },
        };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Get + Requests.Set + Requests.Get, "$1\r\nv\r\n");
        await lab.ServeSecondAsync();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
    }

    [Fact]
    public async Task SmallReply_CutInTheMiddle_IsNotRelayedAndTheReadIsSentAgain()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Get);
        await first.SendAsync("$10000\r\n" + new string('x', 9000));
        first.HalfClose();
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "the loss is reported");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(Requests.Get, "$1\r\nv\r\n");
    }

    [Fact]
    public async Task LargeReply_CutInTheMiddle_AbortsTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Get);
        await first.SendAsync("$1000000\r\n" + new string('x', 500_000));
        await client.ReadUntilAsync("\r\n");
        first.Dispose();
        Assert.True((await client.ReadToEndAsync()).WasReset);
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.TornReply] == 1, "the cause is counted");
    }

    [Fact]
    public async Task RepliesAlreadyReceived_WhenTheBackendDies_StillReachTheClient()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Set + Requests.Set);
        await first.SendAsync("+OK\r\n");
        first.Dispose();
        await client.ExpectAsync("+OK\r\n" + Requests.Unknown);
    }

    [Fact]
    public async Task IncompleteRequest_WhenSuperseded_GoesWholeToTheNextBackend()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, _) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Set[..10]);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await client.SendAsync(Requests.Set[10..]);
        await (client, second).ServeAsync(Requests.Set, "+OK\r\n");
    }

    [Fact]
    public async Task LargeRequest_LostHalfSent_IsNotExecutedAndTheSessionGoesOn()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        const int Length = 4 * 1024 * 1024;
        string body = new('x', Length / 2);
        await client.SendAsync($"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${Length}\r\n" + body);
        await first.ReadUntilAsync($"${Length}\r\n");
        await first.ReadExactlyAsync(Length / 4);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await client.SendAsync(body + "\r\n" + Requests.Get);
        await client.ExpectAsync(Requests.NotExecuted);
        await (client, second).ServeAsync(Requests.Get, "$1\r\nv\r\n");
    }

    [Fact]
    public async Task LargeRequest_SentWhole_IsUnknownWhenLost()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string request = Requests.Of("GET", new string('k', 200_000));
        await client.SendAsync(request);
        await first.ExpectAsync(request);
        await lab.ServeSecondAsync();
        await client.ExpectAsync(Requests.Unknown);
    }

    [Fact]
    public async Task MoreThanTheReplayLimit_WhenLost_IsUnknownForTheOldestAndSentAgainForTheRest()
    {
        ProxyOptions options = SessionLab.Options() with { Replay = new ReplayOptions { MaxBytesPerSession = 8192 } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string request = Requests.Of("GET", new string('k', 1000));
        string requests = string.Concat(Enumerable.Repeat(request, 100));
        await client.SendAsync(requests);
        await first.ExpectAsync(requests);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ReadExactlyAsync(request.Length);
        long resent = lab.Counters.Resent;
        Assert.InRange(resent, 4, 90);
        await second.ReadExactlyAsync((int)(resent - 1) * request.Length);
        await second.SendAsync(string.Concat(Enumerable.Repeat("_\r\n", (int)resent)));
        string expected = string.Concat(Enumerable.Repeat(Requests.Unknown, 100 - (int)resent))
            + string.Concat(Enumerable.Repeat("_\r\n", (int)resent));
        await client.ExpectAsync(expected);
    }

    /// <summary>
    /// The requests sent are far more than can be kept, and so many that they have no entry each. The last one has been sent in part,
    /// because the kernel takes as much as fits: it was not executed, and is sent again from its start.
    /// </summary>
    [Fact]
    public async Task DeepPipeline_OverABrokenConnection_IsAnsweredOnceEachAndContinuesWhereItBroke()
    {
        const int Count = 200_000;
        const string Served = ":1\r\n";
        string request = Requests.Of("INCR", "a-counter-with-a-name");
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        Task sending = client.SendAsync(string.Concat(Enumerable.Repeat(request, Count)));
        long sent = -1;
        await SessionLab.EventuallyAsync(
            () => sent == (sent = lab.Counters.RequestBytes) && sent > 0, "the backend reads nothing, and the kernel's buffers are full");
        first.Reset();
        await SessionLab.EventuallyAsync(() => lab.Counters.BackendsLost == 1, "the connection is lost");
        int unknown = (int)(lab.Counters.RequestBytes / request.Length);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        Task serving = Task.Run(async () =>
        {
            for (int i = unknown; i < Count; i++)
            {
                Assert.Equal(request, await second.ReadExactlyAsync(request.Length));
                await second.SendAsync(Served);
            }
        });
        for (int i = 0; i < Count; i++)
        {
            string expected = i < unknown ? Requests.Unknown : Served;
            Assert.Equal((i, expected), (i, await client.ReadExactlyAsync(expected.Length)));
        }

        await Task.WhenAll(serving, sending);
        await (client, second).ExchangeAsync(Requests.Get, "$1\r\nv\r\n");
    }

    /// <summary>It was not executed, and is kept however much was sent before it: its two halves lie in different buffers.</summary>
    [Fact]
    public async Task RequestSentInPart_BehindMoreThanTheReplayLimit_IsSentAgainWhole()
    {
        const int Count = 100_000;
        const string Served = ":1\r\n";
        string request = Requests.Of("INCR", "a-counter-with-a-name");
        var kernel = new BreakingKernel { BreaksWhen = sent => sent > 1_000_000 && sent % request.Length != 0 };
        await using SessionLab lab = await SessionLab.StartAsync(kernel: kernel);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        Task sending = client.SendAsync(string.Concat(Enumerable.Repeat(request, Count)));
        await SessionLab.EventuallyAsync(() => kernel.HasBroken, "a send has failed");
        await lab.OnLoopAsync(() => { });
        first.Reset();
        await SessionLab.EventuallyAsync(() => lab.Counters.BackendsLost == 1, "the connection is lost");
        int unknown = (int)(kernel.Sent / request.Length);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(string.Concat(Enumerable.Repeat(request, Count - unknown)));
        await second.SendAsync(string.Concat(Enumerable.Repeat(Served, Count - unknown)));
        await client.ExpectAsync(
            string.Concat(Enumerable.Repeat(Requests.Unknown, unknown)) + string.Concat(Enumerable.Repeat(Served, Count - unknown)));
        await sending;
    }

    [Fact]
    public async Task ManySessions_WhenSuperseded_ConnectInARampAndAllArrive()
    {
        ProxyOptions options = SessionLab.Options() with { Backend = new BackendOptions { MaxConcurrentConnects = 1 } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        await lab.ServeFirstAsync();
        const int Count = 50;
        var clients = new List<RawClient>();
        for (int i = 0; i < Count; i++)
        {
            clients.Add(await lab.ConnectAsync());
            await lab.AcceptAsync(lab.First);
            int served = i + 1;
            await SessionLab.EventuallyAsync(() => lab.Counters.Phases[(int)SessionPhase.Serving] == served, "served one by one, no crowd");
        }

        // All have a request that waits, so all stand in line at once.
        await lab.ShowAsync(Availability.Down, 1, lab.First);
        await Task.WhenAll(clients.Select(client => client.SendAsync(Requests.Get)));
        await Eventually.Within(TimeSpan.FromSeconds(5), lab.CountWaitingAsync, waiting => waiting == Count, "all wait");
        await lab.ServeSecondAsync();
        for (int i = 0; i < Count; i++)
        {
            // While others stand in line, a connection keeps its place until the server has said something: the kernel connects before
            // the server accepts. The last one has nobody behind it.
            RawClient link = await lab.AcceptAsync(lab.Second);
            if (i < Count - 1)
            {
                await link.ExpectAsync(Requests.Of("PING"));
                Assert.False(lab.Second.HasPendingConnection);
                await link.SendAsync(i % 2 == 0 ? "+PONG\r\n" : "-NOAUTH Authentication required.\r\n");
            }

            await link.ExpectAsync(Requests.Get);
            await link.SendAsync("_\r\n");
        }

        await Task.WhenAll(clients.Select(client => client.ExpectAsync("_\r\n")));
        Assert.Equal(Count, lab.Counters.Phases[(int)SessionPhase.Serving]);
    }
}
