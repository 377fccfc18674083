using RedisProxy.Configuration;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>MULTI and WATCH: what becomes of them when their backend is lost, superseded, or refuses.</summary>
public sealed class TransactionTests
{
    private static readonly string SetA = Requests.Of("SET", "a", "1");
    private static readonly string SetB = Requests.Of("SET", "b", "2");

    [Theory]
    [InlineData("MULTI", "EXEC")]
    [InlineData("MULTI", "DISCARD")]
    [InlineData("WATCH k", "EXEC")]
    [InlineData("WATCH k", "UNWATCH")]
    public async Task TransactionThatIsOver_LeavesNothingToReplay(string begin, string end)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(begin + "\r\n" + end + "\r\n", "+OK\r\n+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Get, "_\r\n");
    }

    [Fact]
    public async Task OpenTransaction_WhenSuperseded_IsToldToTheNextMasterAndRunsThere()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Multi + SetA, "+OK\r\n+QUEUED\r\n");
        await (client, first).ExchangeAsync(SetB, "+QUEUED\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Multi);
        await client.SendAsync(Requests.Exec);
        await second.SendAsync("+OK\r\n");
        await second.ExpectAsync(SetA + SetB);
        await second.SendAsync("+QUEUED\r\n+QUEUED\r\n");
        await (client, second).ServeAsync(Requests.Exec, "*2\r\n+OK\r\n+OK\r\n");
        await (client, second).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    [Fact]
    public async Task MultiThatTheNextMasterRefuses_ClosesTheSessionBeforeTheQueueIsSent()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Multi + SetA, "+OK\r\n+QUEUED\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Multi);
        await second.SendAsync("-NOPERM this user has no permissions to run the 'multi' command\r\n");
        Assert.Equal("", (await second.ReadToEndAsync()).Rest);
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
    }

    [Fact]
    public async Task WholeTransactionInFlight_WhenSuperseded_IsUnknownAndTheSessionStays()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string transaction = Requests.Multi + Requests.Get + Requests.Set + Requests.Exec;
        await client.SendAsync(transaction + Requests.Get);
        await first.ExpectAsync(transaction + Requests.Get);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Get);
        await second.SendAsync("_\r\n");
        await client.ExpectAsync(Requests.Unknown + Requests.Unknown + Requests.Unknown + Requests.Unknown + "_\r\n");
    }

    [Fact]
    public async Task ExecInFlight_WhenSuperseded_IsUnknownAndNothingOfItIsBegunAgain()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Multi + SetA, "+OK\r\n+QUEUED\r\n");
        await client.SendAsync(Requests.Exec);
        await first.ExpectAsync(Requests.Exec);
        await lab.ServeSecondAsync();
        await client.ExpectAsync(Requests.Unknown);
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Set, "+OK\r\n");
    }

    [Fact]
    public async Task Watch_WhenSuperseded_MakesExecAnswerNil()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Watch, "+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Get, "$1\r\nv\r\n");
        await client.SendAsync(Requests.Multi + SetA + Requests.Of("SELECT", "3") + Requests.Exec);
        await client.ExpectAsync("+OK\r\n+QUEUED\r\n+QUEUED\r\n*-1\r\n");

        // And it is over: the next transaction is the backend's.
        await (client, second).ExchangeAsync(Requests.Watch + Requests.Multi + Requests.Exec, "+OK\r\n+OK\r\n*0\r\n");
    }

    [Fact]
    public async Task WatchAndMulti_WhenSuperseded_AreAnsweredHereUntilExec()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("HELLO", "3"), "%1\r\n+server\r\n+redis\r\n");
        await (client, first).ExchangeAsync(Requests.Watch + Requests.Multi + SetA, "+OK\r\n+OK\r\n+QUEUED\r\n");
        await client.SendAsync(SetB);
        await first.ExpectAsync(SetB);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await client.SendAsync(Requests.Multi + Requests.Watch + Requests.Exec + Requests.Get);
        await client.ExpectAsync(
            "+QUEUED\r\n-ERR MULTI calls can not be nested\r\n-ERR WATCH inside MULTI is not allowed\r\n_\r\n");
        await second.ExpectAsync(Requests.Of("HELLO", "3"));
        await second.SendAsync("%1\r\n+server\r\n+redis\r\n");
        await second.ExpectAsync(Requests.Get);
    }

    [Theory]
    [InlineData("UNWATCH")]
    [InlineData("DISCARD")]
    public async Task LostWatch_IsForgottenWhenTheClientLetsGo(string end)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Watch, "+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        string begin = end == "DISCARD" ? Requests.Multi : "";
        await client.SendAsync(begin + Requests.Of(end));
        await client.ExpectAsync(begin.Length > 0 ? "+OK\r\n+OK\r\n" : "+OK\r\n");
        await (client, second).ExchangeAsync(Requests.Multi + Requests.Set + Requests.Exec, "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
    }

    [Fact]
    public async Task LostWatch_SurvivesFurtherFailovers()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Watch, "+OK\r\n");
        await lab.ServeSecondAsync();
        await lab.AcceptAsync(lab.Second);
        await client.SendAsync(Requests.Multi + SetA);
        await client.ExpectAsync("+OK\r\n+QUEUED\r\n");
        await lab.ShowAsync(Availability.Available, 3, lab.First);
        await lab.AcceptAsync(lab.First);
        await client.SendAsync(SetB + Requests.Exec);
        await client.ExpectAsync("+QUEUED\r\n*-1\r\n");
    }

    [Fact]
    public async Task QueueBeyondTheLimit_WhenSuperseded_IsAborted()
    {
        ProxyOptions options = SessionLab.Options() with { Replay = new ReplayOptions { MaxBytesPerSession = 1024 } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string large = Requests.Of("SET", "a", new string('x', 700));
        await (client, first).ExchangeAsync(Requests.Multi, "+OK\r\n");
        await (client, first).ExchangeAsync(large, "+QUEUED\r\n");
        await (client, first).ExchangeAsync(large, "+QUEUED\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await client.SendAsync(SetA + Requests.Exec);
        await client.ExpectAsync("+QUEUED\r\n" + Requests.Aborted);
        await (client, second).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    [Fact]
    public async Task QueueWithARefusedCommand_WhenSuperseded_IsAborted()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Multi + SetA + Requests.Of("SET"), "+OK\r\n+QUEUED\r\n-ERR wrong number\r\n");
        await lab.ServeSecondAsync();
        await lab.AcceptAsync(lab.Second);
        await client.SendAsync(Requests.Exec);
        await client.ExpectAsync(Requests.Aborted);
    }

    [Fact]
    public async Task StateChangedInsideATransaction_IsReplayedAsFarAsItCameTrue()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string transaction = Requests.Multi + Requests.Of("SELECT", "4") + Requests.Set + Requests.Of("SELECT", "99")
            + Requests.Of("CLIENT", "SETNAME", "n") + Requests.Exec;
        await (client, first).ExchangeAsync(
            transaction,
            "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*4\r\n+OK\r\n+OK\r\n-ERR DB index is out of range\r\n+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("SELECT", "4") + Requests.Of("CLIENT", "SETNAME", "n"));
    }

    [Fact]
    public async Task StateChangedInADiscardedTransaction_IsForgotten()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Multi + Requests.Of("SELECT", "4") + Requests.Of("DISCARD"), "+OK\r\n+QUEUED\r\n+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    [Theory]
    [InlineData(Requests.ReadOnly, " previous errors.")]
    [InlineData("+QUEUED\r\n", ": READONLY You can't write against a read only replica.")]
    public async Task TransactionThatADemotedMasterRejects_RunsOnTheNextOne(string queued, string cause)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string transaction = Requests.Multi + Requests.Set + Requests.Exec;
        await client.SendAsync(transaction);
        await first.ExpectAsync(transaction);
        await first.SendAsync("+OK\r\n" + queued + "-EXECABORT Transaction discarded because of" + cause + "\r\n");
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is reported");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Multi);
        await second.SendAsync("+OK\r\n");
        bool wasQueued = queued == "+QUEUED\r\n";
        if (wasQueued)
        {
            await second.ExpectAsync(Requests.Set);
            await second.SendAsync("+QUEUED\r\n");
            await second.ExpectAsync(Requests.Exec);
        }
        else
        {
            await second.ExpectAsync(Requests.Set + Requests.Exec);
            await second.SendAsync("+QUEUED\r\n");
        }

        await second.SendAsync("*1\r\n+OK\r\n");
        await client.ExpectAsync("+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
    }

    [Fact]
    public async Task TransactionExecutedBehindARejectedWrite_IsUnknownAndNotBegunAgain()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string requests = SetA + Requests.Multi + Requests.Set + Requests.Exec + Requests.Get;
        await client.SendAsync(requests);
        await first.ExpectAsync(requests);
        await first.SendAsync(Requests.ReadOnly + "+OK\r\n+QUEUED\r\n*1\r\n+OK\r\n");
        await first.SendAsync("$1\r\nv\r\n");
        await client.ExpectAsync(Requests.ReadOnly + "+OK\r\n+QUEUED\r\n" + Requests.Unknown);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Get);
    }

    [Fact]
    public async Task TransactionDiscardedBeforeAScriptThatRan_IsOver()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Multi, "+OK\r\n");
        string requests = SetA + Requests.Of("DISCARD") + Requests.Of("EVAL", "return 1", "0") + Requests.Get;
        await client.SendAsync(requests);
        await first.ExpectAsync(requests);
        await first.SendAsync(Requests.ReadOnly + "+OK\r\n:1\r\n$1\r\nv\r\n");
        await client.ExpectAsync(Requests.ReadOnly + "+OK\r\n" + Requests.Unknown);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Get);
    }

    [Fact]
    public async Task HeldTransaction_PastItsDeadline_IsAbortedAsAWhole()
    {
        ProxyOptions options = SessionLab.Options() with { Hold = new HoldOptions { Timeout = TimeSpan.FromMilliseconds(200) } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Multi + SetA);
        await client.ExpectAsync("+OK\r\n" + Requests.NotExecuted);
        await lab.ServeFirstAsync();
        RawClient first = await lab.AcceptAsync(lab.First);
        await client.SendAsync(SetB + Requests.Exec);
        await client.ExpectAsync("+QUEUED\r\n" + Requests.Aborted);
        await (client, first).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    [Fact]
    public async Task HeldTransaction_PastItsDeadlineInOnePiece_EndsWithItsExec()
    {
        ProxyOptions options = SessionLab.Options() with { Hold = new HoldOptions { Timeout = TimeSpan.FromMilliseconds(200) } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Multi + SetA + Requests.Exec + Requests.Get);
        await client.ExpectAsync("+OK\r\n" + Requests.NotExecuted + Requests.NotExecuted + Requests.NotExecuted);
        await lab.ServeFirstAsync();
        RawClient first = await lab.AcceptAsync(lab.First);
        await (client, first).ExchangeAsync(Requests.Get + Requests.Multi, "$-1\r\n+OK\r\n");
    }

    [Fact]
    public async Task DiscardedTransactionBeforeAnUnknownOne_IsBegunAgainFromItsMulti()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string discarded = SetA + Requests.Of("DISCARD");
        string executed = Requests.Multi + SetB + Requests.Exec;
        await (client, first).ExchangeAsync(Requests.Multi + discarded + executed, "+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Multi);
        await second.SendAsync("+OK\r\n");
        await second.ExpectAsync(discarded);
        await second.SendAsync("+QUEUED\r\n+OK\r\n");
        await client.ExpectAsync("+QUEUED\r\n+OK\r\n" + Requests.Unknown + Requests.Unknown + Requests.Unknown);
    }

    [Fact]
    public async Task PartOfATransactionPastItsDeadline_AbortsWhatTheBackendHadQueued()
    {
        ProxyOptions options = SessionLab.Options() with { Hold = new HoldOptions { Timeout = TimeSpan.FromMilliseconds(200) } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Multi + SetA, "+OK\r\n+QUEUED\r\n");
        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First);
        await client.SendAsync(SetB);
        await client.ExpectAsync(Requests.NotExecuted);
        await lab.ShowAsync(Availability.Available, 1, lab.First);
        await client.SendAsync(SetA + Requests.Exec + Requests.Get);
        await client.ExpectAsync("+QUEUED\r\n" + Requests.Aborted);
        RawClient again = await lab.AcceptAsync(lab.First);
        await again.ExpectAsync(Requests.Get);
        Assert.Equal("", (await first.ReadToEndAsync()).Rest);
    }

    [Fact]
    public async Task SelectPastItsDeadline_TakesWhatWaitsBehindItAlong()
    {
        // On a busy machine it takes a while to see that it is read.
        ProxyOptions options = SessionLab.Options() with { Hold = new HoldOptions { Timeout = TimeSpan.FromMilliseconds(1500) } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Requests.Of("SELECT", "3"));
        long sentMs = lab.Loop.NowMs;
        await SessionLab.EventuallyAsync(() => lab.Loop.Slabs.InUse > 0, "it is read");
        await client.SendAsync(Requests.Set);
        await client.ExpectAsync(Requests.NotExecuted + Requests.NotExecuted);
        Assert.InRange(lab.Loop.NowMs - sentMs, 0, 5000);
    }
}
