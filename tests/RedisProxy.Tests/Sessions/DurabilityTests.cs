using RedisProxy.Configuration;
using RedisProxy.EventLoops;
using RedisProxy.Sessions;
using RedisProxy.Testing;

using static RedisProxy.Tests.Sessions.Requests;

namespace RedisProxy.Tests.Sessions;

/// <summary>A durable listener: when replies to writes go to the client, and what it gets when replicas are late.</summary>
public sealed class DurabilityTests
{
    private const string Ok = "+OK\r\n";
    private const string Nil = "$-1\r\n";
    private const string Yes = ":0\r\n:1\r\n";
    private const string NotConfirmed = "-IOERR RedisProxy: executed, but not confirmed by 1 replica within 50 ms\r\n";

    private static readonly string Greeting = Of("CLIENT", "SETNAME", "redisproxy-durable");
    private static readonly string Mark = Of("SPUBLISH", "redisproxy:mark", "");

    [Fact]
    public async Task ReplyToAWrite_WaitsForAReplica_AndWithItWhatIsBehindIt()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Get + Set + Get);
        await backend.ExpectAsync(Get + Set + Get);
        await backend.SendAsync(Nil + Ok + "$1\r\n");
        RawClient asker = await AcceptAskerAsync(lab);
        await client.ExpectAsync(Nil);
        await backend.SendAsync("v\r\n");
        await ExpectQuestionAsync(asker);
        Assert.Equal("", client.Pending);
        await asker.SendAsync(Yes);
        await client.ExpectAsync(Ok + "$1\r\nv\r\n");
    }

    [Fact]
    public async Task Reads_AskNothing()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Get + Get, Nil + Nil);
        await (client, backend).ExchangeAsync(Of("SELECT", "1") + Get, Ok + Nil);
        Assert.False(lab.First.HasPendingConnection);
    }

    /// <summary>Each write needs a question that was asked after its reply had arrived.</summary>
    [Fact]
    public async Task LaterReply_NeedsAQuestionOfItsOwn()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Set + Set);
        await backend.ExpectAsync(Set + Set);
        await backend.SendAsync(Ok);
        RawClient asker = await AcceptAskerAsync(lab);
        await ExpectQuestionAsync(asker);
        await backend.SendAsync(Ok);
        await asker.SendAsync(Yes);
        await client.ExpectAsync(Ok);
        await ExpectQuestionAsync(asker);
        Assert.Equal("", client.Pending);
        await asker.SendAsync(Yes);
        await client.ExpectAsync(Ok);
    }

    [Theory]
    [InlineData("transaction")]
    [InlineData("script")]
    [InlineData("pop")]
    [InlineData("group read")]
    [InlineData("unknown")]
    public async Task WhateverMayWrite_Waits(string kind)
    {
        (string request, string before, string reply) = kind switch
        {
            "transaction" => (Multi + Set + Exec, "+OK\r\n+QUEUED\r\n", "*1\r\n+OK\r\n"),
            "script" => (Of("EVAL", "return 1", "0"), "", ":1\r\n"),
            "pop" => (Of("BLPOP", "l", "0"), "", "*2\r\n$1\r\nl\r\n$1\r\nx\r\n"),
            "group read" => (Of("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"), "", "*1\r\n*2\r\n$1\r\ns\r\n*0\r\n"),
            _ => (Of("NOSUCH"), "", "+1\r\n"),
        };
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(request);
        await backend.ExpectAsync(request);
        await backend.SendAsync(before + reply);
        RawClient asker = await AcceptAskerAsync(lab);
        await ExpectQuestionAsync(asker);
        Assert.Equal(before, before.Length == 0 ? "" : await client.ReadExactlyAsync(before.Length));
        Assert.Equal("", client.Pending);
        await asker.SendAsync(Yes);
        await client.ExpectAsync(reply);
    }

    /// <summary>It acknowledges nothing.</summary>
    [Fact]
    public async Task Error_DoesNotWait()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Set, "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
        Assert.False(lab.First.HasPendingConnection);
    }

    /// <summary>The transaction was not executed, because a watched key has changed, and the pop has found nothing.</summary>
    [Theory]
    [InlineData("*-1\r\n")]
    [InlineData("_\r\n")]
    public async Task Null_InReplyToATransactionOrAPop_DoesNotWait(string nothing)
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Multi + Set + Exec, "+OK\r\n+QUEUED\r\n" + nothing);
        await (client, backend).ExchangeAsync(Of("BLPOP", "l", "1"), nothing);
        Assert.False(lab.First.HasPendingConnection);
    }

    /// <summary>Behind a write that waits, and when only a byte of it had arrived by then.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(1)]
    public async Task Null_WhenReplicasAreTooFew_IsNotSaidToBeExecuted(int arrived)
    {
        await using SessionLab lab = await StartAsync(timeoutMs: 50);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Set + Multi + Set + Exec);
        await backend.ExpectAsync(Set + Multi + Set + Exec);
        const string Null = "*-1\r\n";
        const string Before = NotConfirmed + "+OK\r\n+QUEUED\r\n";
        await backend.SendAsync(Ok + "+OK\r\n+QUEUED\r\n" + Null[..arrived]);
        Assert.Equal(Before, await client.ReadExactlyAsync(Before.Length));
        await backend.SendAsync(Null[arrived..]);
        await client.ExpectAsync(Null);
    }

    [Fact]
    public async Task ClientsOfOneMoment_HaveOneQuestion()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient one, RawClient backendOfOne) = await lab.ConnectPairAsync();
        (RawClient two, RawClient backendOfTwo) = await lab.ConnectPairAsync();
        (RawClient three, RawClient backendOfThree) = await lab.ConnectPairAsync();
        await one.SendAsync(Set);
        await backendOfOne.ExpectAsync(Set);
        await backendOfOne.SendAsync(Ok);
        RawClient asker = await AcceptAskerAsync(lab);
        await ExpectQuestionAsync(asker);
        await asker.SendAsync(Yes);
        await one.ExpectAsync(Ok);

        await two.SendAsync(Set);
        await three.SendAsync(Set);
        await backendOfTwo.ExpectAsync(Set);
        await backendOfThree.ExpectAsync(Set);
        await lab.WhileLoopIsHeldUpAsync(async () =>
        {
            await backendOfTwo.SendAsync(Ok);
            await backendOfThree.SendAsync(Ok);
            return Task.CompletedTask;
        });
        await ExpectQuestionAsync(asker);
        await asker.SendAsync(Yes);
        await two.ExpectAsync(Ok);
        await three.ExpectAsync(Ok);
        Assert.Equal("", asker.Pending);
    }

    /// <summary>What comes meanwhile is asked together; but if replicas are far, it does not wait for them to answer.</summary>
    [Fact]
    public async Task TwoQuestionsAreUnderWay_AndMoreOnlyWhenTheyTakeTheirTime()
    {
        var time = new FakeTimeProvider();
        await using SessionLab lab = await StartAsync(time: time);
        var askers = new List<RawClient>();
        var clients = new List<RawClient>();
        for (int i = 0; i < 4; i++)
        {
            (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
            clients.Add(client);
            await client.SendAsync(Set);
            await backend.ExpectAsync(Set);
            await backend.SendAsync(Ok);
            if (i < 2)
            {
                askers.Add(await AcceptAskerAsync(lab));
                await ExpectQuestionAsync(askers[i]);
            }
        }

        await Eventually.Within(
            TimeSpan.FromSeconds(10), async () => await lab.CountHeldAsync() == 4, "all four replies have arrived");
        Assert.False(lab.First.HasPendingConnection);
        time.Advance(TimeSpan.FromMilliseconds(2 * TimerWheel.TickMs));
        await lab.Loop.InvokeAsync(static () => true);
        askers.Add(await AcceptAskerAsync(lab));
        await ExpectQuestionAsync(askers[2]);
        foreach (RawClient asker in askers)
        {
            await asker.SendAsync(Yes);
        }

        foreach (RawClient client in clients)
        {
            await client.ExpectAsync(Ok);
        }
    }

    [Theory]
    [InlineData(":0\r\n:0\r\n")]
    [InlineData("-NOPERM User default has no permissions to run the 'spublish' command\r\n:0\r\n")]
    [InlineData("-NOAUTH Authentication required.\r\n-NOAUTH Authentication required.\r\n")]
    [InlineData("")]
    public async Task TooFewReplicasInTime_TheClientIsToldSo_AndGoesOn(string answer)
    {
        await using SessionLab lab = await StartAsync(timeoutMs: 50);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Set + Get + Multi + Set + Exec);
        await backend.ExpectAsync(Set + Get + Multi + Set + Exec);
        await backend.SendAsync(Ok + Nil + Ok + "+QUEUED\r\n*1\r\n+OK\r\n");
        RawClient asker = await AcceptAskerAsync(lab);
        await asker.ReadUntilAsync("WAIT\r\n");
        await asker.SendAsync(answer);
        await client.ExpectAsync(NotConfirmed + Nil + Ok + "+QUEUED\r\n" + NotConfirmed);
        await (client, backend).ExchangeAsync(Get, Nil);
        Assert.Equal(0, lab.Counters.Ended.Sum());
        Assert.Equal(2, lab.Counters.ProxyReplies[(int)Outcome.NotConfirmed]);
    }

    [Fact]
    public async Task TooFewReplicasInTime_OrItIsDisconnected()
    {
        await using SessionLab lab = await StartAsync(timeoutMs: 50, DurableTimeoutAction.Disconnect);
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Get + Set + Get);
        await backend.ExpectAsync(Get + Set + Get);
        await backend.SendAsync(Nil + Ok + Nil);
        Assert.Equal(Nil, (await client.ReadToEndAsync()).Rest);
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.NotConfirmed] == 1, "the cause is counted");
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    public async Task LargeReply_IsRelayedWhole_OrNothingOfIt(int size)
    {
        string script = Of("EVAL", "return 1", "0");
        string reply = $"${size}\r\n{new string('x', size)}\r\n";
        foreach (bool isConfirmed in new[] { true, false })
        {
            await using SessionLab lab = await StartAsync(timeoutMs: isConfirmed ? 60_000 : 50);
            (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
            await client.SendAsync(script + Get);
            await backend.ExpectAsync(script + Get);
            Task sending = backend.SendAsync(reply + Nil);
            RawClient asker = await AcceptAskerAsync(lab);
            await ExpectQuestionAsync(asker);
            if (isConfirmed)
            {
                await asker.SendAsync(Yes);
            }

            string expected = isConfirmed ? reply : NotConfirmed;
            Assert.Equal(expected + Nil, await client.ReadExactlyAsync(expected.Length + Nil.Length));
            await sending;
        }
    }

    /// <summary>As if the reply had never arrived.</summary>
    [Fact]
    public async Task MasterLost_BeforeAReplicaHasTheWrite_ItsOutcomeIsUnknown()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Set + Get);
        await backend.ExpectAsync(Set + Get);
        await backend.SendAsync(Ok + Nil);
        RawClient asker = await AcceptAskerAsync(lab);
        await ExpectQuestionAsync(asker);
        await lab.ServeSecondAsync();
        await client.ExpectAsync(Unknown);
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Get);
        await second.SendAsync(Nil);
        await client.ExpectAsync(Nil);
        Assert.Equal("", (await asker.ReadToEndAsync()).Rest);

        await client.SendAsync(Set);
        await second.ExpectAsync(Set);
        await second.SendAsync(Ok);
        RawClient next = await AcceptAskerAsync(lab, lab.Second);
        await ExpectQuestionAsync(next);
        await next.SendAsync(Yes);
        await client.ExpectAsync(Ok);
    }

    [Fact]
    public async Task ConnectionEnds_BeforeAReplicaHasTheWrite_ItsOutcomeIsUnknown()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Set);
        await backend.ExpectAsync(Set);
        await backend.SendAsync(Ok);
        await ExpectQuestionAsync(await AcceptAskerAsync(lab));
        backend.Dispose();
        await client.ExpectAsync(Unknown);
    }

    [Fact]
    public async Task Quit_BehindAWrite_WaitsWithIt()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Set + Of("QUIT"));
        await backend.ExpectAsync(Set + Of("QUIT"));
        await backend.SendAsync(Ok + Ok);
        backend.HalfClose();
        RawClient asker = await AcceptAskerAsync(lab);
        await ExpectQuestionAsync(asker);
        await asker.SendAsync(Yes);
        Assert.Equal(new ConnectionEnd(Ok + Ok, WasReset: false), await client.ReadToEndAsync());
    }

    /// <summary>Another connection asks the same question once more.</summary>
    [Fact]
    public async Task AskingConnectionEnds_TheQuestionIsAskedAgain()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Set);
        await backend.ExpectAsync(Set);
        await backend.SendAsync(Ok);
        RawClient asker = await AcceptAskerAsync(lab);
        await ExpectQuestionAsync(asker);
        asker.Dispose();
        asker = await AcceptAskerAsync(lab);
        await ExpectQuestionAsync(asker);
        await asker.SendAsync(Yes);
        await client.ExpectAsync(Ok);
    }

    [Fact]
    public async Task SessionsThatShareALink_WaitInTheSameWay()
    {
        ListenerOptions listener = SessionLab.SharingOptions().Listeners[0] with { Durable = Durable(60_000) };
        await using SessionLab lab = await SessionLab.StartAsync(SessionLab.Options(listener));
        (RawClient client, RawClient link) = await SharingScene.JoinFirstAsync(lab);
        RawClient other = await lab.ConnectAsync();
        await client.SendAsync(Set + Get);
        await link.ExpectAsync(Set + Get);
        await link.SendAsync(Ok + Nil);
        RawClient asker = await AcceptAskerAsync(lab);
        await ExpectQuestionAsync(asker);
        await (other, link).ExchangeAsync(Get, Nil);
        Assert.Equal("", client.Pending);
        await asker.SendAsync(Yes);
        await client.ExpectAsync(Ok + Nil);
    }

    private static DurableOptions Durable(int timeoutMs, DurableTimeoutAction onTimeout = DurableTimeoutAction.Error) =>
        new() { Replicas = 1, Timeout = TimeSpan.FromMilliseconds(timeoutMs), OnTimeout = onTimeout };

    private static Task<SessionLab> StartAsync(
        int timeoutMs = 60_000, DurableTimeoutAction onTimeout = DurableTimeoutAction.Error, TimeProvider? time = null) =>
        SessionLab.StartAsync(
            SessionLab.Options(SessionLab.SharingOptions(links: 0).Listeners[0] with { Durable = Durable(timeoutMs, onTimeout) }), time);

    private static async Task<RawClient> AcceptAskerAsync(SessionLab lab, ScriptedBackend? backend = null)
    {
        RawClient asker = await lab.AcceptAsync(backend ?? lab.First);
        Assert.Equal(Greeting, await asker.ReadExactlyAsync(Greeting.Length));
        await asker.SendAsync(Ok);
        return asker;
    }

    private static async Task ExpectQuestionAsync(RawClient asker)
    {
        Assert.Equal(Mark, await asker.ReadExactlyAsync(Mark.Length));
        string wait = await asker.ReadUntilAsync("WAIT\r\n$1\r\n1\r\n$");
        Assert.Equal("*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$", wait);
        await asker.ReadUntilAsync("\r\n");
        int leftMs = int.Parse((await asker.ReadUntilAsync("\r\n"))[..^2], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(leftMs, 1, 60_000);
    }
}
