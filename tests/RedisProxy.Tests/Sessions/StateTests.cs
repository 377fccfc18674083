using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>What a client made of its connection, and what becomes of it on the next backend.</summary>
public sealed class StateTests
{
    [Fact]
    public async Task State_IsReplayedInOneWriteBeforeAnyRequest()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string[][] said =
        [
            ["CLIENT", "SETNAME", "worker"], ["CLIENT", "SETINFO", "LIB-NAME", "lib"], ["client", "setinfo", "lib-ver", "1.0"],
            ["SELECT", "3"], ["HELLO", "3", "AUTH", "alice", "secret"], ["CLIENT", "NO-EVICT", "on"], ["CLIENT", "NO-TOUCH", "ON"],
        ];
        foreach (string[] words in said)
        {
            await client.SendCommandAsync(words);
            await first.ExpectAsync(Requests.Of(words));
            await first.SendAsync("+OK\r\n");
            await client.ExpectAsync("+OK\r\n");
        }

        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await client.SendAsync(Requests.Set);
        await second.ExpectAsync(
            Requests.Of("HELLO", "3") + Requests.Of("SELECT", "3") + Requests.Of("CLIENT", "SETINFO", "LIB-NAME", "lib")
            + Requests.Of("CLIENT", "SETINFO", "LIB-VER", "1.0"));
        await second.SendAsync("%1\r\n+server\r\n+redis\r\n+OK\r\n+OK\r\n+OK\r\n");
        await second.ExpectAsync(
            Requests.Of("HELLO", "3", "AUTH", "alice", "secret", "SETNAME", "worker")
            + Requests.Of("CLIENT", "NO-EVICT", "on") + Requests.Of("CLIENT", "NO-TOUCH", "on"));
        await second.SendAsync("%1\r\n+server\r\n+redis\r\n+OK\r\n+OK");
        await second.SendAsync("\r\n");
        await (client, second).ServeAsync(Requests.Set, "+OK\r\n");
    }

    /// <summary>What the client says before the failover, and what the new master is told for it.</summary>
    [Theory]
    [InlineData("HELLO 3 AUTH u p SETNAME n", "HELLO 3 AUTH u p SETNAME n")]
    [InlineData("HELLO 2 AUTH u p SETNAME n", "HELLO 2 AUTH u p SETNAME n")]
    [InlineData("HELLO 3 SETNAME n", "HELLO 3 SETNAME n")]
    [InlineData("HELLO 3|CLIENT SETNAME n", "HELLO 3 SETNAME n")]
    [InlineData("AUTH p|HELLO 3", "HELLO 3 AUTH default p")]
    [InlineData("AUTH u p|CLIENT SETNAME n", "AUTH u p|CLIENT SETNAME n")]
    [InlineData("SELECT 5|AUTH u p", "SELECT 5|AUTH u p")]
    [InlineData("AUTH a 1|CLIENT SETNAME n|AUTH b 2", "AUTH a 1|CLIENT SETNAME n|AUTH b 2")]
    [InlineData("CLIENT NO-EVICT on|AUTH b 2|CLIENT NO-TOUCH on", "CLIENT NO-EVICT on|AUTH b 2|CLIENT NO-TOUCH on")]
    [InlineData("AUTH a 1|SELECT 5|AUTH b 2", "AUTH a 1|SELECT 5|AUTH b 2")]
    [InlineData("AUTH a 1|SELECT 5|AUTH b 2|READONLY|AUTH c 3", "AUTH a 1|SELECT 5|AUTH b 2|READONLY|AUTH c 3")]
    [InlineData("AUTH a 1|SELECT 5|AUTH a 2", "AUTH a 2|SELECT 5")]
    [InlineData("AUTH a 1|SELECT 5|AUTH b 2|SELECT 6", "AUTH b 2|SELECT 6")]
    [InlineData("AUTH a 1|SELECT 5|AUTH b 2|SELECT 0", "AUTH b 2")]
    [InlineData("HELLO 3 AUTH a 1|SELECT 5|CLIENT TRACKING ON|AUTH b 2", "HELLO 3 AUTH a 1|SELECT 5|CLIENT TRACKING ON|HELLO 3 AUTH b 2")]
    public async Task State_IsSaidByTheUserWhoSaidIt(string said, string replayed)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await client.SendAsync(string.Concat(said.Split('|').Select(static words => Requests.Of(words.Split(' ')))));
        await AgreeAsync(first, said);
        await client.ExpectAsync(string.Concat(said.Split('|').Select(static _ => "+OK\r\n")));
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await AgreeAsync(second, replayed);
        await client.SendAsync(Requests.Get);
        await second.ExpectAsync(Requests.Get);

        // Credentials wait for the replies to what was said before.
        static async Task AgreeAsync(RawClient backend, string requests)
        {
            foreach (string[] step in StepsOf(requests.Split('|')))
            {
                await backend.ExpectAsync(string.Concat(step.Select(static words => Requests.Of(words.Split(' ')))));
                await backend.SendAsync(string.Concat(step.Select(static _ => "+OK\r\n")));
            }
        }

        static IEnumerable<string[]> StepsOf(string[] requests)
        {
            for (int at = 0; at < requests.Length;)
            {
                int next = Array.FindIndex(requests, at + 1, static words => words.Contains("AUTH", StringComparison.Ordinal));
                int end = next < 0 ? requests.Length : next;
                yield return requests[at..end];
                at = end;
            }
        }
    }

    [Theory]
    [InlineData("CLIENT SETNAME n")]
    [InlineData("CLIENT SETINFO LIB-NAME l")]
    [InlineData("CLIENT SETINFO LIB-VER 1")]
    [InlineData("CLIENT NO-EVICT on")]
    [InlineData("CLIENT NO-TOUCH on")]
    public async Task WishThatTheNewMasterRefuses_IsNoReasonToClose(string said)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("AUTH", "u", "p") + Requests.Of(said.Split(' ')), "+OK\r\n+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("AUTH", "u", "p") + Requests.Of(said.Split(' ')));
        await second.SendAsync("+OK\r\n-NOPERM User u has no permissions to run this command\r\n");
        await (client, second).ExchangeAsync(Requests.Get, "$1\r\n1\r\n");
    }

    [Fact]
    public async Task StateThatTheBackendRefused_IsNotReplayed()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("SELECT", "99"), "-ERR DB index is out of range\r\n");
        await (client, first).ExchangeAsync(
            Requests.Of("AUTH", "wrong") + Requests.Of("SELECT", "2"), "-WRONGPASS invalid username-password pair\r\n+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("SELECT", "2"));
    }

    [Fact]
    public async Task Reset_ClearsAllButTheLibrary()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string requests = Requests.Of("AUTH", "pw") + Requests.Of("SELECT", "3") + Requests.Of("CLIENT", "SETINFO", "LIB-NAME", "lib")
            + Requests.Of("MULTI") + Requests.Of("RESET");
        await client.SendAsync(requests);
        await first.ExpectAsync(requests);
        await first.SendAsync("+OK\r\n+OK\r\n+OK\r\n+OK\r\n+RESET\r\n");
        await client.ReadUntilAsync("+RESET\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("CLIENT", "SETINFO", "LIB-NAME", "lib"));
    }

    [Fact]
    public async Task CredentialsThatTheNewMasterRefuses_CloseTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("AUTH", "pw"), "+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await client.SendAsync(Requests.Set);
        await second.ExpectAsync(Requests.Of("AUTH", "pw"));
        await second.SendAsync("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
        Assert.Equal("", (await second.ReadToEndAsync()).Rest);
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.ReplayRefused] == 1, "the cause is counted");
    }

    [Fact]
    public async Task ReplayToAServerThatIsLoading_IsTriedAgain()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("SELECT", "1"), "+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("SELECT", "1"));
        await second.SendAsync("-LOADING Redis is loading the dataset in memory\r\n");
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is reported");
        await lab.ServeSecondAsync();
        RawClient third = await lab.AcceptAsync(lab.Second);
        await third.ExpectAsync(Requests.Of("SELECT", "1"));
    }

    [Fact]
    public async Task WayThatIsShutDuringTheReplay_HoldsWhatComesBehindIt()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("SELECT", "1"), "+OK\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("SELECT", "1"));
        await lab.ShowAsync(Availability.PlannedHold, 2, lab.Second);
        await client.SendAsync(Requests.Set);
        await second.SendAsync("+OK\r\n");
        await SessionLab.EventuallyAsync(() => lab.Counters.Phases[(int)SessionPhase.Draining] == 1, "it has its backend");
        Assert.Equal("", second.Pending);
        await lab.ServeSecondAsync();
        await second.ExpectAsync(Requests.Set);
    }

    [Fact]
    public async Task StateChangeInFlight_WhenSuperseded_IsSentAgain()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string requests = Requests.Of("SELECT", "5") + Requests.Of("CLIENT", "SETNAME", "n");
        await client.SendAsync(requests);
        await first.ExpectAsync(requests);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(requests, "+OK\r\n+OK\r\n");
        await lab.ShowAsync(Availability.Available, 3, lab.First);
        RawClient third = await lab.AcceptAsync(lab.First);
        await third.ExpectAsync(requests);
    }

    [Theory]
    [InlineData(nameof(PinReason.Monitor), "MONITOR")]
    [InlineData(nameof(PinReason.Replication), "REPLCONF", "listening-port", "1")]
    [InlineData(nameof(PinReason.Tracking), "CLIENT", "TRACKING", "on", "REDIRECT", "7")]
    [InlineData(nameof(PinReason.Debug), "DEBUG", "JMAP")]
    [InlineData(nameof(PinReason.UnknownState), "CLIENT", "SOMETHINGNEW", "on")]
    [InlineData(nameof(PinReason.UnknownState), "HIMPORT", "PREPARE", "u", "name", "email")]
    [InlineData(nameof(PinReason.UnknownState), "himport", "prepare", "u", "name")]
    public async Task StateThatCannotBeReplayed_ClosesTheSessionOnFailover(string reason, params string[] words)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await client.SendCommandAsync(words);
        await (client, first).ServeAsync(Requests.Of(words), "+OK\r\n");
        await lab.ServeSecondAsync();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        await SessionLab.EventuallyAsync(() => lab.Counters.Pinned[(int)Enum.Parse<PinReason>(reason)] == 1, "the reason is counted");
        Assert.False(lab.Second.HasPendingConnection);
    }

    [Fact]
    public async Task ClientCapa_IsAnsweredHereAndNeverPassedOn()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Get + Requests.Of("CLIENT", "CAPA", "redirect") + Requests.Set);
        await first.ExpectAsync(Requests.Get + Requests.Set);
        await first.SendAsync("_\r\n+SET\r\n");
        await client.ExpectAsync("_\r\n+OK\r\n+SET\r\n");
    }

    [Fact]
    public async Task ClientCapa_WithoutArguments_IsTheServersToRefuse()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("CLIENT", "CAPA") + Requests.Get, "-ERR wrong number of arguments\r\n_\r\n");
    }

    [Theory]
    [InlineData("*3\r\n$6\r\nCLIENT\r\n$4\r\nCAPA\r\n$8\r\nredirect\r\n")]
    [InlineData("*4\r\n$6\r\nclient\r\n$4\r\ncapa\r\n$8\r\nREDIRECT\r\n$1\r\nx\r\n")]
    [InlineData("*3\r\n$6\r\nCLIENT\r\n$4\r\nCAPA\r\n$0\r\n\r\n")]
    [InlineData("client capa x\n")]
    public async Task ClientCapa_InATransaction_IsQueuedAsSomethingHarmless(string capa)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Multi + capa + Requests.Set + Requests.Exec);
        string before = await first.ReadUntilAsync("UNWATCH\r\n");
        Assert.Equal(Requests.Multi, before[..^"UNWATCH\r\n".Length].TrimEnd('\n') + "\n");
        await first.ExpectAsync(Requests.Set + Requests.Exec);
        const string Replies = "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n+OK\r\n+SET\r\n";
        await first.SendAsync(Replies);
        await client.ExpectAsync(Replies);
    }

    [Fact]
    public async Task HashImport_AfterReset_LeavesNothingToReplay()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string requests = Requests.Of("HIMPORT", "PREPARE", "u", "name") + Requests.Of("HIMPORT", "SET", "k", "u", "alice")
            + Requests.Of("HIMPORT", "DISCARD", "u") + Requests.Of("RESET");
        await (client, first).ExchangeAsync(requests, "+OK\r\n:1\r\n:1\r\n+RESET\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Get, "$-1\r\n");
    }
}
