using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>What is a message, and what a reply: by the protocol that the backend's connection speaks at that byte.</summary>
public sealed class MessageTests
{
    private const string Hello3 = "%1\r\n+proto\r\n:3\r\n";
    private const string Hello2 = "*2\r\n+proto\r\n:2\r\n";
    private const string Pong2 = "*2\r\n$4\r\npong\r\n$0\r\n\r\n";

    private static readonly string Keys = Requests.Of("HKEYS", "h");

    [Theory]
    [InlineData("message", 1)]
    [InlineData("pmessage", 1)]
    [InlineData("smessage", 3)]
    [InlineData("message", 300_000)]
    public async Task ArrayThatBeginsLikeAMessage_InResp3_IsAReply(string field, int bytes)
    {
        await using SessionLab lab = await SessionLab.StartAsync(Resubscribing());
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of("HELLO", "3") + Requests.Of("SUBSCRIBE", "c"), Hello3 + Said('>', "subscribe", "c", ":1"));
        string reply = $"*3\r\n${field.Length}\r\n{field}\r\n$1\r\nc\r\n${bytes}\r\n{new string('x', bytes)}\r\n";
        await (client, first).ExchangeAsync(Keys, reply);
        await (client, first).ExchangeAsync(Keys + Requests.Get, Said('>', "message", "c", "+m") + reply + "$1\r\nv\r\n");
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 5, "all are answered");

        // On the next backend replies go to their own requests, and nothing keeps the session when its client has gone.
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("HELLO", "3") + Requests.Of("SUBSCRIBE", "c"));
        await second.SendAsync(Hello3 + Said('>', "subscribe", "c", ":1"));
        await (client, second).ExchangeAsync(Requests.Get, "$3\r\nown\r\n");
        client.Dispose();
        await SessionLab.EventuallyAsync(() => lab.Counters.Ended[(int)EndCause.ClientClosed] == 1, "the session ends with its client");
    }

    /// <summary>Redis 7.0 sends what a transaction publishes to its own client within EXEC's reply.</summary>
    [Fact]
    public async Task MessageAmongTheElementsOfAReply_IsNotOneOfThem()
    {
        await using SessionLab lab = await SessionLab.StartAsync(Resubscribing());
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of("HELLO", "3") + Requests.Of("SUBSCRIBE", "c"), Hello3 + Said('>', "subscribe", "c", ":1"));
        await (client, first).ExchangeAsync(
            Requests.Multi + Requests.Of("PUBLISH", "c", "m") + Requests.Of("SELECT", "99") + Requests.Of("SELECT", "3") + Requests.Exec,
            "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n" + Said('>', "message", "c", "+m")
                + ":1\r\n-ERR DB index is out of range\r\n+OK\r\n");
        await (client, first).ExchangeAsync(Requests.Get, "$1\r\nv\r\n");

        // Which of the changes took effect is known by the place of their replies.
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("HELLO", "3") + Requests.Of("SELECT", "3") + Requests.Of("SUBSCRIBE", "c"));
    }

    [Fact]
    public async Task Hello_DividesTheStreamAtItsReply()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of("HELLO", "3") + Requests.Of("SUBSCRIBE", "c"), Hello3 + Said('>', "subscribe", "c", ":1"));
        string pipeline = Keys + Requests.Of("HELLO", "2") + Requests.Of("PING") + Requests.Of("UNSUBSCRIBE") + Keys
            + Requests.Of("SUBSCRIBE", "c") + Requests.Of("PING");
        string replies = Said('*', "message", "c", "+r") + Said('>', "message", "c", "+m") + Hello2
            + Said('*', "message", "c", "+m") + Pong2
            + Said('*', "message", "c", "+m") + Said('*', "unsubscribe", "c", ":0") + Said('*', "message", "c", "+r")
            + Said('*', "subscribe", "c", ":1") + Said('*', "message", "c", "+m") + Pong2;
        await (client, first).ExchangeAsync(pipeline, replies);
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 9, "each has one reply");
        client.HalfClose();
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
    }

    [Fact]
    public async Task HelloInsideATransaction_DividesTheStreamAtItsExec()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of("HELLO", "3") + Requests.Of("SUBSCRIBE", "c"), Hello3 + Said('>', "subscribe", "c", ":1"));
        string pipeline = Requests.Multi + Requests.Of("HELLO", "2") + Requests.Exec + Requests.Of("PING");
        await (client, first).ExchangeAsync(
            pipeline,
            "+OK\r\n+QUEUED\r\n" + Said('>', "message", "c", "+m") + "*1\r\n" + Hello2 + Said('*', "message", "c", "+m") + Pong2);
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 6, "each has one reply");
    }

    [Fact]
    public async Task HelloInsideATransactionWhoseReplyIsTooLargeToKnow_EndsASubscriber()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of("HELLO", "3") + Requests.Of("SUBSCRIBE", "c"), Hello3 + Said('>', "subscribe", "c", ":1"));
        string transaction = Requests.Multi + Requests.Get + Requests.Of("HELLO", "2") + Requests.Exec;
        await client.SendAsync(transaction);
        await first.ExpectAsync(transaction);
        string replies = "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n$300000\r\n" + new string('x', 300_000) + "\r\n" + Hello2;
        await first.SendAsync(replies);
        Assert.Equal(replies, (await client.ReadToEndAsync()).Rest);
    }

    [Fact]
    public async Task Reset_GoesBackToArrays()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string pipeline = Requests.Of("HELLO", "3") + Requests.Of("SUBSCRIBE", "c") + Keys + Requests.Of("RESET") + Keys
            + Requests.Of("SUBSCRIBE", "c") + Requests.Of("PING");
        await (client, first).ExchangeAsync(
            pipeline,
            Hello3 + Said('>', "subscribe", "c", ":1") + Said('*', "message", "c", "+r") + "+RESET\r\n" + Said('*', "message", "c", "+r")
                + Said('*', "subscribe", "c", ":1") + Said('*', "message", "c", "+m") + Pong2);
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 7, "each has one reply");
    }

    [Fact]
    public async Task EndOfALargeMessage_ThatReadsLikeAConfirmation_IsNone()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of("HELLO", "3") + Requests.Of("SUBSCRIBE", "c"), Hello3 + Said('>', "subscribe", "c", ":1"));
        await client.SendAsync(Requests.Of("SUBSCRIBE", "d") + Requests.Get);
        await first.ExpectAsync(Requests.Of("SUBSCRIBE", "d") + Requests.Get);
        string forged = Said('>', "subscribe", "d", ":2");
        string begin = $">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n${200_000 + forged.Length}\r\n" + new string('x', 200_000);
        await first.SendAsync(begin);
        await client.ExpectAsync(begin);
        await first.SendAsync(forged + "\r\n");
        await client.ExpectAsync(forged + "\r\n");
        Assert.Equal(2, lab.Counters.Requests);
        await first.SendAsync(Said('>', "subscribe", "d", ":2") + "$1\r\nv\r\n");
        await client.ExpectAsync(Said('>', "subscribe", "d", ":2") + "$1\r\nv\r\n");
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 4, "both are answered");
    }

    [Theory]
    [InlineData(100)]
    [InlineData(300_000)]
    public async Task Message_WhileABackendIsGivenUp_IsRelayedWhole(int bytes)
    {
        await using SessionLab lab = await SessionLab.StartAsync(Resubscribing());
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of("HELLO", "3") + Requests.Of("SUBSCRIBE", "c"), Hello3 + Said('>', "subscribe", "c", ":1"));
        await client.SendAsync(Requests.Set + Requests.Set);
        await first.ExpectAsync(Requests.Set + Requests.Set);
        string message = Said('>', "message", "c", $"${bytes}\r\n{new string('m', bytes)}");
        await first.SendAsync(Requests.ReadOnly + message);
        await client.ExpectAsync(message);
        await first.SendAsync(Requests.ReadOnly);
        await SessionLab.EventuallyAsync(() => lab.Suspicions == 1, "it is given up");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ReadUntilAsync("SUBSCRIBE\r\n$1\r\nc\r\n");
        await second.SendAsync(Hello3 + Said('>', "subscribe", "c", ":1"));
        await second.ExpectAsync(Requests.Set + Requests.Set);
    }

    private static ProxyOptions Resubscribing() =>
        SessionLab.Options(SessionLab.Options().Listeners[0] with { PubSub = PubSubAction.Resubscribe });

    private static string Said(char type, string kind, string channel, string last) =>
        $"{type}3\r\n${kind.Length}\r\n{kind}\r\n${channel.Length}\r\n{channel}\r\n{last}\r\n";
}
