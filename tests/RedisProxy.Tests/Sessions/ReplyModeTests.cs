using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>
/// CLIENT REPLY: requests that get no reply, among those that do. The backend is never told: it answers everything, and the proxy keeps
/// from the client what it did not want to hear.
/// </summary>
public sealed class ReplyModeTests
{
    private const string NoPermission = "-NOPERM this user has no permissions to run the 'client|reply' command\r\n";
    private static readonly string Last = Requests.Of("ECHO", "last");
    private static readonly string Off = Requests.Of("CLIENT", "REPLY", "OFF");
    private static readonly string On = Requests.Of("CLIENT", "REPLY", "ON");
    private static readonly string Skip = Requests.Of("CLIENT", "REPLY", "SKIP");

    /// <summary>What the client says, word by word, and what it hears of the replies 1, 2, 3… of the backend.</summary>
    [Theory]
    [InlineData("GET OFF SET SET ON GET SKIP SET GET", "1 5 6 9")]
    [InlineData("OFF GET RESET GET", "3 4")]
    [InlineData("SKIP RESET GET", "3")]
    [InlineData("SKIP GET GET", "3")]
    [InlineData("SKIP EMPTY GET GET", "2 3")]
    [InlineData("SKIP NOTHING GET GET", "2 3")]
    [InlineData("EMPTY SKIP GET EMPTY GET", "3")]
    [InlineData("SKIP SKIP GET GET", "4")]
    [InlineData("OFF SKIP ON GET", "3 4")]
    [InlineData("SKIP OFF GET ON GET", "4 5")]
    [InlineData("SKIP ON GET", "2 3")]
    [InlineData("OFF OFF EMPTY GET ON", "4")]
    [InlineData("SKIP WRONG GET", "3")]
    [InlineData("SKIP SET WRONG RESET GET", "3 4 5")]
    [InlineData("OFF WRONG GET ON GET", "4 5")]
    [InlineData("OFF MULTI SET EXEC ON", "5")]
    [InlineData("SKIP MULTI SET EXEC GET", "3 4 5")]
    public async Task Modes_LetThroughWhatRedisWouldSay(string said, string heard)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string[] words = said.Split(' ');
        int number = 0;
        string[] replies = [.. words.Where(static word => word is not ("EMPTY" or "NOTHING")).Select(word => ReplyTo(word, ++number))];
        await client.SendAsync(string.Concat(words.Select(RequestOf)) + Last);
        await first.ReadUntilAsync(Last);
        await first.SendAsync(string.Concat(replies) + "+own\r\n");
        await client.ExpectAsync(string.Concat(heard.Split(' ').Select(index => replies[int.Parse(index) - 1])) + "+own\r\n");

        // Every request has had its reply: the next one has its own, here and on the next master.
        await (client, first).ExchangeAsync(Requests.Get, "$1\r\n3\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Get, "$1\r\n4\r\n");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public async Task Modes_HoldForEveryPieceOfTheReplies(int pieceBytes)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string requests = Requests.Get + Off + Requests.Get + Requests.Get + On + Requests.Get;
        const string Replies = "$2\r\nv1\r\n+OK\r\n$2\r\nv2\r\n*2\r\n:1\r\n:2\r\n+OK\r\n$2\r\nv3\r\n";
        await client.SendAsync(requests);
        await first.ReadExactlyAsync(requests.Length);
        for (int at = 0; at < Replies.Length; at += pieceBytes)
        {
            await first.SendAsync(Replies.Substring(at, Math.Min(pieceBytes, Replies.Length - at)));
        }

        await client.ExpectAsync("$2\r\nv1\r\n+OK\r\n$2\r\nv3\r\n");
    }

    [Fact]
    public async Task LargeReplyThatNobodyWantsToHear_IsDroppedAndMayBeTorn()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string large = $"$300000\r\n{new string('v', 300_000)}\r\n";
        await client.SendAsync(Skip + Requests.Get + Requests.Get);
        await first.ReadExactlyAsync((Skip + Requests.Get + Requests.Get).Length);
        await first.SendAsync("+OK\r\n" + large + "$1\r\n1\r\n");
        await client.ExpectAsync("$1\r\n1\r\n");

        await client.SendAsync(Skip + Requests.Get);
        await first.ReadExactlyAsync((Skip + Requests.Get).Length);
        await first.SendAsync("+OK\r\n" + large[..200_000]);
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 4, "the reply has begun");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Get);
        await second.SendAsync(large);
        await (client, second).ExchangeAsync(Requests.Set, "+OK\r\n");
    }

    [Fact]
    public async Task Backend_IsToldToAnswer()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string said = Off + Requests.Set + Skip + "client reply off\r\n" + "CLIENT REPLY skip\n" + On;
        await client.SendAsync(said);

        // What is shorter is made up for by empty lines, which are no requests.
        string told = await first.ReadExactlyAsync(said.Length);
        Assert.Equal(4, told.Split("\nCLIENT REPLY ON\n").Length - 1);
        Assert.Contains(Requests.Set, told, StringComparison.Ordinal);
        Assert.EndsWith(On, told, StringComparison.Ordinal);
        Assert.DoesNotContain("OFF", told, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("SKIP", told, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Silence_IsNothingThatANewMasterHasToBeTold()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("CLIENT", "SETNAME", "n"), "+OK\r\n");
        await client.SendAsync(Off + Requests.Of("SELECT", "2") + Requests.Set);
        await first.ReadUntilAsync(Requests.Set);
        await first.SendAsync("+OK\r\n+OK\r\n+OK\r\n");
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 4, "nothing is in flight");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        string state = Requests.Of("SELECT", "2") + Requests.Of("CLIENT", "SETNAME", "n");
        await second.ExpectAsync(state);
        await second.SendAsync("+OK\r\n+OK\r\n");
        await client.SendAsync(Requests.Set + On);
        await second.ExpectAsync(Requests.Set + On);
        await second.SendAsync("+set\r\n+OK\r\n");
        await client.ExpectAsync("+OK\r\n");
    }

    [Fact]
    public async Task RequestsInSilence_LostWithTheirMaster_HaveNoErrorAndTakeNobodysPlace()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await client.SendAsync(Off + Requests.Set + Requests.Get + On + Requests.Get);
        await first.ReadUntilAsync(On + Requests.Get);
        await first.SendAsync("+OK\r\n");
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 1, "silence is confirmed");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Get + On + Requests.Get);
        await second.SendAsync("$1\r\n1\r\n+OK\r\n$1\r\n2\r\n");
        await client.ExpectAsync("+OK\r\n$1\r\n2\r\n");
        Assert.Equal(1, lab.Counters.ProxyReplies[(int)Outcome.Unknown]);
    }

    [Fact]
    public async Task HeldRequestBehindSkip_PastItsDeadline_EndsTheSessionAndSaysWhatTheClientExpects()
    {
        ProxyOptions options = SessionLab.Options() with { Hold = new HoldOptions { Timeout = TimeSpan.FromMilliseconds(200) } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Skip + Requests.Set + Requests.Get);
        Assert.Equal(new ConnectionEnd(Requests.NotExecuted, WasReset: false), await client.ReadToEndAsync());
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.StateInDoubt] == 1, "the cause is counted");
    }

    [Theory]
    [InlineData("OFF SET GET", "1 2 3")]
    [InlineData("SKIP SET GET", "1 2 3")]
    public async Task SilenceThatTheBackendForbids_IsRelayedAndRepliesGoOn(string said, string heard)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string[] replies = [NoPermission, "+OK\r\n", "$1\r\n1\r\n"];
        await client.SendAsync(string.Concat(said.Split(' ').Select(RequestOf)));
        await first.ReadUntilAsync(Requests.Set + Requests.Get);
        await first.SendAsync(string.Concat(replies));
        await client.ExpectAsync(string.Concat(heard.Split(' ').Select(index => replies[int.Parse(index) - 1])));
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Get, "$1\r\n4\r\n");
    }

    [Fact]
    public async Task RejectionBehindSilence_IsMovedToTheNextMaster()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await client.SendAsync(Skip + Requests.Set + Requests.Get);
        await first.ReadUntilAsync(Requests.Get);
        await first.SendAsync("+OK\r\n" + Requests.ReadOnly + "$1\r\n1\r\n");
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is reported");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Set + Requests.Get);
        await second.SendAsync("+OK\r\n$1\r\n2\r\n");
        await client.ExpectAsync("$1\r\n2\r\n");
    }

    [Theory]
    [InlineData("OFF", '*')]
    [InlineData("SKIP", '*')]
    [InlineData("OFF", '>')]
    [InlineData("SKIP", '>')]
    public async Task SubscribingInSilence_IsConfirmedAndServed(string mode, char type)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        if (type == '>')
        {
            await (client, first).ExchangeAsync(Requests.Of("HELLO", "3"), "%1\r\n+proto\r\n:3\r\n");
        }

        string confirmed = $"{type}3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n{type}3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n";
        string message = $"{type}3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n";
        await client.SendAsync(RequestOf(mode) + Requests.Of("SUBSCRIBE", "a", "b"));
        await first.ReadUntilAsync(Requests.Of("SUBSCRIBE", "a", "b"));
        await first.SendAsync("+OK\r\n" + confirmed + message);
        await client.ExpectAsync(confirmed + message);
        await client.SendAsync(Requests.Of("PING") + Requests.Of("RESET") + Requests.Get);
        await first.ReadUntilAsync(Requests.Get);
        await first.SendAsync("+PONG\r\n+RESET\r\n$1\r\n1\r\n");
        await client.ExpectAsync((mode == "OFF" ? "" : "+PONG\r\n") + "+RESET\r\n$1\r\n1\r\n");
    }

    [Fact]
    public async Task WhatIsNoConfirmation_EndsTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await client.SendAsync(Requests.Of("SUBSCRIBE", "a"));
        await first.ReadUntilAsync(Requests.Of("SUBSCRIBE", "a"));
        await first.SendAsync("+OK\r\n");
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.BackendProtocolError] == 1, "the cause is counted");
    }

    [Fact]
    public async Task SilenceInsideATransaction_PinsTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Multi + Off + Requests.Exec, "+OK\r\n+QUEUED\r\n*1\r\n");
        await lab.ServeSecondAsync();
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
    }

    private static string RequestOf(string word) => word switch
    {
        "OFF" => Off,
        "ON" => On,
        "SKIP" => Skip,
        "SET" => Requests.Set,
        "GET" => Requests.Get,
        "EMPTY" => "\r\n",
        "NOTHING" => "*0\r\n",
        "WRONG" => Requests.Of("CLIENT", "REPLY"),
        _ => Requests.Of(word),
    };

    private static string ReplyTo(string word, int number) => word switch
    {
        "WRONG" => "-ERR wrong number of arguments for 'client|reply' command\r\n",
        "EXEC" => $"*1\r\n:{number}\r\n",
        "RESET" => "+RESET\r\n",
        "GET" => $"$1\r\n{number}\r\n",
        _ => "+OK\r\n",
    };
}
