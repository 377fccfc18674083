using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>Replies that prove that a request was not executed.</summary>
public sealed class RejectionTests
{
    private const string NoReplicas = "-NOREPLICAS Not enough good replicas to write.\r\n";

    [Fact]
    public async Task NoReplicasAfterAFailover_WaitsForThem()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, _) = await lab.ConnectPairAsync();
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await client.SendAsync(Requests.Set + Requests.Get);
        await second.ExpectAsync(Requests.Set + Requests.Get);
        await second.SendAsync(NoReplicas + "$1\r\n0\r\n");
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is reported");
        await lab.ServeSecondAsync();
        RawClient again = await lab.AcceptAsync(lab.Second);
        await (client, again).ServeAsync(Requests.Set + Requests.Get, "+OK\r\n$1\r\n1\r\n");
    }

    [Fact]
    public async Task TransactionWithoutReplicasAfterAFailover_WaitsForThem()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, _) = await lab.ConnectPairAsync();
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Multi + Requests.Set, "+OK\r\n+QUEUED\r\n");
        await client.SendAsync(Requests.Exec);
        await second.ExpectAsync(Requests.Exec);
        await second.SendAsync("-EXECABORT Transaction discarded because of: NOREPLICAS Not enough good replicas to write.\r\n");
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is reported");
        await lab.ServeSecondAsync();
        RawClient again = await lab.AcceptAsync(lab.Second);
        await again.ExpectAsync(Requests.Multi);
        await again.SendAsync("+OK\r\n");
        await again.ExpectAsync(Requests.Set);
        await again.SendAsync("+QUEUED\r\n");
        await (client, again).ServeAsync(Requests.Exec, "*1\r\n+OK\r\n");
    }

    [Fact]
    public async Task NoReplicasInQuietTimes_PassesAsItIs()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Set + Requests.Get, NoReplicas + "$1\r\n0\r\n");
        Assert.Equal(0, lab.Suspicions);
    }

    [Theory]
    [InlineData("-READONLY You can't write against a read only replica.\r\n")]
    [InlineData("-LOADING Redis is loading the dataset in memory\r\n")]
    [InlineData("-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n")]
    [InlineData("-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n")]
    [InlineData("-REDIRECT 10.0.0.1:6379\r\n")]
    public async Task RejectedWrite_IsSentToTheNewMaster(string rejection)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Set);
        await first.SendAsync(rejection);
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is reported");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(Requests.Set, "+OK\r\n");
    }

    [Fact]
    public async Task RejectedWrite_TakesTheReadsBehindItAlong()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string pipeline = Requests.Get + Requests.Set + Requests.Get + Requests.Set;
        await client.SendAsync(pipeline);
        await first.ExpectAsync(pipeline);
        await first.SendAsync("$3\r\nold\r\n" + Requests.ReadOnly + "$3\r\nold\r\n" + Requests.ReadOnly);
        await client.ExpectAsync("$3\r\nold\r\n");
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is reported");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(Requests.Set + Requests.Get + Requests.Set, "+OK\r\n$3\r\nnew\r\n+OK\r\n");
    }

    [Fact]
    public async Task RejectedWrite_BeforeAnAcknowledgedOne_GetsItsOriginalError()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Of("SET", "a", "1") + Requests.Of("SET", "b", "2"));
        await first.ReadUntilAsync("2\r\n");
        await first.SendAsync(Requests.ReadOnly);
        await first.SendAsync("+OK\r\n");
        await client.ExpectAsync(Requests.ReadOnly + Requests.Unknown);
    }

    [Fact]
    public async Task RejectionInsideAScript_IsRelayed()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string eval = Requests.Of("EVAL", "return redis.call('set','k','v')", "0");
        await (client, first).ExchangeAsync(eval, Requests.ReadOnly);
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is reported all the same");
    }

    [Theory]
    [InlineData("EVAL", Requests.ReadOnly)]
    [InlineData("evalsha", "-READONLY You can't write against a read only replica. script: x, on @user_script:1.\r\n")]
    [InlineData("FCALL", "-LOADING x\r\n")]
    [InlineData("TFCALL", Requests.ReadOnly)]
    public async Task ErrorOfAScript_BehindARejectedWrite_IsOfUnknownOutcomeAndNeverSentAgain(string command, string error)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string script = Requests.Of(command, "redis.call('PUBLISH','c','m') redis.call('SET','b','1')", "0");
        await client.SendAsync(Requests.Set + script + Requests.Get);
        await first.ExpectAsync(Requests.Set + script + Requests.Get);
        await first.SendAsync(Requests.ReadOnly + error + "$-1\r\n");
        await client.ExpectAsync(Requests.ReadOnly + Requests.Unknown);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(Requests.Get, "$-1\r\n");
    }

    [Theory]
    [InlineData("EVAL_RO")]
    [InlineData("evalsha_ro")]
    [InlineData("FCALL_RO")]
    public async Task ReadOnlyScript_ThatAnswersWithARejection_IsTakenByItsWord(string command)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of(command, "return redis.error_reply('LOADING x')", "0"), "-LOADING x\r\n");
        await (client, first).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    [Theory]
    [InlineData("EVAL")]
    [InlineData("EVAL_RO")]
    [InlineData("FCALL")]
    public async Task ScriptThatSaysTooManyClients_IsTakenByItsWord(string command)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of(command, "return redis.error_reply('max number of clients reached')", "0"),
            "-ERR max number of clients reached\r\n");
        await (client, first).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    [Fact]
    public async Task RejectedWrite_WhoseLaterRepliesComeApart_GetsThemAllInTheirPlace()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string eval = Requests.Of("EVAL", "return ARGV[1]", "0", "x");
        string pipeline = Requests.Set + eval + Requests.Get + Requests.Get;
        await client.SendAsync(pipeline);
        await first.ExpectAsync(pipeline);
        await first.SendAsync(Requests.ReadOnly + "$1\r\nx\r\n");
        await first.SendAsync("$3\r\nold\r\n");
        await first.SendAsync("$3\r\nold\r\n");
        await client.ExpectAsync(Requests.ReadOnly + Requests.Unknown);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(Requests.Get + Requests.Get, "$3\r\nnew\r\n$3\r\nnew\r\n");
    }

    [Fact]
    public async Task ClientUnblockWithAnError_IsMeantForTheClient()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("BLPOP", "k", "0"), "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
        Assert.Equal(0, lab.Suspicions);
    }

    [Fact]
    public async Task RequestThatIsTurnedAwayAgainAndAgain_WaitsNoLongerThanOneHold()
    {
        ProxyOptions options = SessionLab.Options() with { Hold = new HoldOptions { Timeout = TimeSpan.FromMilliseconds(300) } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Set);
        await first.SendAsync("-ERR max number of clients reached\r\n");
        for (int i = 0; client.Pending.Length == 0 && i < 100; i++)
        {
            await lab.ServeFirstAsync();
            if (lab.First.HasPendingConnection)
            {
                RawClient again = await lab.AcceptAsync(lab.First);
                await again.SendAsync("-ERR max number of clients reached\r\n");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        await client.ExpectAsync(Requests.NotExecuted);
        Assert.InRange(lab.Counters.RetargetsDone, 2, 10);
    }

    [Theory]
    [InlineData("-OOM command not allowed when used memory > 'maxmemory'.\r\n")]
    [InlineData("-MISCONF Redis is configured to save RDB snapshots\r\n")]
    [InlineData("-NOREPLICAS Not enough good replicas to write.\r\n")]
    [InlineData("-NOAUTH Authentication required.\r\n")]
    [InlineData("-BUSY Redis is busy running a script.\r\n")]
    [InlineData("-READONLYISH nothing of ours\r\n")]
    [InlineData("-ERR unknown command\r\n")]
    public async Task OtherErrors_PassUntouched(string error)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Set, error);
        Assert.Equal(0, lab.Suspicions);
    }

    [Fact]
    public async Task WithoutSentinel_ReadOnlyIsTheClientsOwnError()
    {
        ProxyOptions options = SessionLab.Options() with { Sentinel = null };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Set, Requests.ReadOnly);
    }

    [Fact]
    public async Task ServerWithTooManyClients_IsToldNothingOfAScriptThatWaits()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        RawClient client = await lab.ConnectAsync();
        string eval = Requests.Of("EVAL", "return 1", "0");
        await client.SendAsync(eval);
        await SessionLab.EventuallyAsync(() => lab.Loop.Slabs.InUse > 0, "it is read");
        await lab.ServeFirstAsync();
        RawClient refusing = await lab.AcceptAsync(lab.First);
        await refusing.ExpectAsync(Requests.Of("PING"));
        await refusing.SendAsync("-ERR max number of clients reached\r\n");
        refusing.Dispose();
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is reported");
        await lab.ServeFirstAsync();
        RawClient backend = await lab.AcceptAsync(lab.First);
        await backend.ExpectAsync(Requests.Of("PING"));
        await backend.SendAsync("+PONG\r\n");
        await (client, backend).ServeAsync(eval, "-ERR max number of clients reached\r\n");
        Assert.Equal(1, lab.Suspicions);
    }

    [Fact]
    public async Task ServerWithTooManyClients_HasExecutedNothing()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Set);
        await first.SendAsync("-ERR max number of clients reached\r\n");
        first.Dispose();
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is reported");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Set);
        Assert.Equal(0, lab.Counters.ProxyReplies[(int)Outcome.Unknown]);
    }
}
