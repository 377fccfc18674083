using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>Subscriptions: many replies for one request, messages in between, and what a failover makes of them.</summary>
public sealed class PubSubTests
{
    private static readonly string SubscribeA = Requests.Of("SUBSCRIBE", "a");
    private static readonly string Message = "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n";

    [Theory]
    [InlineData("subscribe")]
    [InlineData("psubscribe")]
    [InlineData("ssubscribe")]
    public async Task Subscriber_IsClosedByAFailover(string command)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of(command, "a"), Confirmation(command, "a", 1));
        await lab.ServeSecondAsync();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        await SessionLab.EventuallyAsync(() => lab.Counters.Pinned[(int)PinReason.PubSub] == 1, "the reason is counted");
        Assert.False(lab.Second.HasPendingConnection);
    }

    [Theory]
    [InlineData('*')]
    [InlineData('>')]
    public async Task Messages_AreNoReplies(char type)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string requests = Requests.Get + Requests.Of("SUBSCRIBE", "a", "b") + Requests.Of("PING");
        string replies = "$-1\r\n" + Confirmation("subscribe", "a", 1) + Message + Confirmation("subscribe", "b", 2) + Message
            + "*2\r\n$4\r\npong\r\n$0\r\n\r\n" + Message;
        replies = replies.Replace("*3", type + "3", StringComparison.Ordinal);
        await (client, first).ExchangeAsync(requests, replies);
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 3, "three requests are answered");
        await (client, first).ExchangeAsync(Requests.Of("PING"), "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
    }

    /// <summary>Part of it is on its way to the client when the proxy has something to say itself.</summary>
    [Fact]
    public async Task LargeMessage_IsNotInterruptedByAReplyOfTheProxy()
    {
        string message = $">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$300000\r\n{new string('x', 300_000)}\r\n";
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await first.SendAsync(message[..200_000]);
        Assert.Equal(message[..100_000], await client.ReadExactlyAsync(100_000));
        await client.SendAsync(Requests.Of("CLIENT", "CAPA", "redirect"));
        await Eventually.Within(
            TimeSpan.FromSeconds(10), async () => (await lab.SnapshotsAsync())[0].ReceivedBytes > 0, "the request has arrived");
        await first.SendAsync(message[200_000..]);
        await client.ExpectAsync(message[100_000..] + "+OK\r\n");
    }

    [Theory]
    [InlineData("UNSUBSCRIBE", "a", "b")]
    [InlineData("UNSUBSCRIBE")]
    [InlineData("RESET")]
    public async Task SubscriberThatHasLeft_SurvivesAFailover(params string[] leave)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of("SUBSCRIBE", "a", "b"), Confirmation("subscribe", "a", 1) + Confirmation("subscribe", "b", 2));
        string left = leave[0] == "RESET" ? "+RESET\r\n" : Confirmation("unsubscribe", "b", 1) + Confirmation("unsubscribe", "a", 0);
        await (client, first).ExchangeAsync(Requests.Of(leave), left);

        // What looks like a message is a list now.
        await (client, first).ExchangeAsync(Requests.Of("LRANGE", "l", "0", "-1"), Message);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    [Fact]
    public async Task UnsubscribeFromNothing_HasOneReply()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of("UNSUBSCRIBE") + Requests.Get, "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n$1\r\nv\r\n");
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 2, "both are answered");
    }

    [Fact]
    public async Task RefusedSubscribe_HasOneReply()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of("SUBSCRIBE", "a", "b") + Requests.Get, "-NOPERM no channel permissions\r\n$1\r\nv\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    [Fact]
    public async Task ChannelWithAHugeName_IsRelayedUnread()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string name = new('n', 100_000);
        await (client, first).ExchangeAsync(Requests.Of("SUBSCRIBE", name), Confirmation("subscribe", name, 1));
        await lab.ServeSecondAsync();
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
    }

    [Fact]
    public async Task SubscribeThatWasNotConfirmed_IsSentAgain()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(SubscribeA);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(SubscribeA, Confirmation("subscribe", "a", 1));
    }

    [Fact]
    public async Task SubscribeThatWasConfirmedInPart_ClosesTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync(Resubscribing());
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("SUBSCRIBE", "a", "b"), Confirmation("subscribe", "a", 1));
        await lab.ServeSecondAsync();
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
    }

    [Theory]
    [InlineData('*')]
    [InlineData('>')]
    public async Task Resubscribe_SaysEverythingAgainAndRelaysWhatComes(char type)
    {
        await using SessionLab lab = await SessionLab.StartAsync(Resubscribing());
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string Typed(string text) => text.Replace("*3", type + "3", StringComparison.Ordinal);
        await (client, first).ExchangeAsync(
            Requests.Of("SUBSCRIBE", "a", "b", "c") + Requests.Of("PSUBSCRIBE", "p*") + Requests.Of("SSUBSCRIBE", "s")
                + Requests.Of("UNSUBSCRIBE", "b"),
            Typed(Confirmation("subscribe", "a", 1) + Confirmation("subscribe", "b", 2) + Confirmation("subscribe", "c", 3)
                + Confirmation("psubscribe", "p*", 4) + Confirmation("ssubscribe", "s", 1) + Confirmation("unsubscribe", "b", 3)));
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(
            Requests.Of("SUBSCRIBE", "a", "c") + Requests.Of("PSUBSCRIBE", "p*") + Requests.Of("SSUBSCRIBE", "s"));
        await second.SendAsync(Typed(
            Confirmation("subscribe", "a", 1) + Message + Confirmation("subscribe", "c", 2) + Confirmation("psubscribe", "p*", 3)));
        await second.SendAsync(Typed(Confirmation("ssubscribe", "s", 1)));
        await SessionLab.EventuallyAsync(() => lab.Counters.RetargetsDone == 2, "it is served again");
        await client.ExpectAsync(Typed(Message));
        await second.SendAsync(Typed(Message));
        await client.ExpectAsync(Typed(Message));
        await (client, second).ExchangeAsync(
            Requests.Of("UNSUBSCRIBE"), Typed(Confirmation("unsubscribe", "c", 2) + Confirmation("unsubscribe", "a", 1)));
        Assert.Equal(0, lab.Counters.Pinned.Sum());
    }

    [Theory]
    [InlineData("subscribe", '*')]
    [InlineData("subscribe", '>')]
    [InlineData("psubscribe", '*')]
    [InlineData("psubscribe", '>')]
    [InlineData("ssubscribe", '*')]
    [InlineData("ssubscribe", '>')]
    public async Task Resubscribe_BesideIdleSessions_ComesFirst(string command, char type)
    {
        ProxyOptions options = Resubscribing() with { Backend = new BackendOptions { MaxConcurrentConnects = 1 } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string subscription = Requests.Of(command.ToUpperInvariant(), "a");

        // Behind another request, and in two pieces.
        await client.SendAsync(Requests.Get + subscription[..^3]);
        await client.SendAsync(subscription[^3..]);
        await first.ExpectAsync(Requests.Get + subscription);
        string replies = "$-1\r\n" + type + Confirmation(command, "a", 1)[1..];
        await first.SendAsync(replies);
        await client.ExpectAsync(replies);
        for (int i = 0; i < 30; i++)
        {
            await lab.ConnectPairAsync();
        }

        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(subscription);
    }

    [Fact]
    public async Task Resubscribe_OfMoreNamesThanASocketTakesAtOnce_IsSaidInPieces()
    {
        await using SessionLab lab = await SessionLab.StartAsync(Resubscribing());
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string[] names = [.. Enumerable.Range(10, 90).Select(static i => new string('n', 10_000) + i)];
        string confirmations = string.Concat(names.Select(static (name, i) => Confirmation("subscribe", name, i + 1)));
        await (client, first).ExchangeAsync(string.Concat(names.Select(static name => Requests.Of("SUBSCRIBE", name))), confirmations);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of(["SUBSCRIBE", .. names]));
        await second.SendAsync(confirmations);
        await SessionLab.EventuallyAsync(() => lab.Counters.RetargetsDone == 2, "it is served again");
    }

    [Theory]
    [InlineData("subscribe", "__redis__:invalidate")]
    [InlineData("psubscribe", "__redis__:*")]
    public async Task Resubscribe_OfInvalidationsForAnotherConnection_ClosesTheSession(string command, string channel)
    {
        await using SessionLab lab = await SessionLab.StartAsync(Resubscribing());
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of("SUBSCRIBE", "a") + Requests.Of(command, channel),
            Confirmation("subscribe", "a", 1) + Confirmation(command, channel, 2));
        await lab.ServeSecondAsync();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await client.ReadToEndAsync());
        Assert.Equal(1, lab.Counters.Pinned[(int)PinReason.Tracking]);
    }

    [Fact]
    public async Task Resubscribe_AfterInvalidationsAreNotHeardAnyMore_SaysTheRest()
    {
        await using SessionLab lab = await SessionLab.StartAsync(Resubscribing());
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of("SUBSCRIBE", "a", "__redis__:invalidate") + Requests.Of("UNSUBSCRIBE", "__redis__:invalidate"),
            Confirmation("subscribe", "a", 1) + Confirmation("subscribe", "__redis__:invalidate", 2)
                + Confirmation("unsubscribe", "__redis__:invalidate", 1));
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("SUBSCRIBE", "a"));
    }

    [Fact]
    public async Task LargeMessage_IsNoReply()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(SubscribeA, Confirmation("subscribe", "a", 1));
        await client.SendAsync(Requests.Of("PING"));
        await first.ExpectAsync(Requests.Of("PING"));
        string large = "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$300000\r\n" + new string('x', 300_000) + "\r\n";
        await first.SendAsync(large + "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
        await client.ExpectAsync(large + "*2\r\n$4\r\npong\r\n$0\r\n\r\n");
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 2, "the ping is answered");
    }

    [Fact]
    public async Task Subscribe_BeforeAMasterIsKnown_IsHeldWithAllBehindIt()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        RawClient client = await lab.ConnectAsync();
        string requests = Requests.Get + SubscribeA + Requests.Of("PING");
        await client.SendAsync(requests);
        await SessionLab.EventuallyAsync(() => lab.Loop.Slabs.InUse > 0, "it is read");
        await lab.ServeFirstAsync();
        RawClient first = await lab.AcceptAsync(lab.First);
        await (client, first).ServeAsync(requests, "_\r\n" + Confirmation("subscribe", "a", 1));
    }

    [Fact]
    public async Task Subscribe_PastItsDeadline_TakesWhatWaitsBehindItAlong()
    {
        ProxyOptions options = SessionLab.Options() with { Hold = new HoldOptions { Timeout = TimeSpan.FromMilliseconds(200) } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(SubscribeA + Requests.Of("PING"));
        await client.ExpectAsync(Requests.NotExecuted + Requests.NotExecuted);
    }

    private static ProxyOptions Resubscribing() =>
        SessionLab.Options(SessionLab.Options().Listeners[0] with { PubSub = PubSubAction.Resubscribe });

    private static string Confirmation(string kind, string channel, int count) =>
        $"*3\r\n${kind.Length}\r\n{kind}\r\n${channel.Length}\r\n{channel}\r\n:{count}\r\n";
}
