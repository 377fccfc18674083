using RedisProxy.Configuration;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>What a new backend says beside the confirmations of the state that it is told.</summary>
public sealed class ReplayTests
{
    private const string Hello3 = "%1\r\n+proto\r\n:3\r\n";

    /// <summary>Its body reads like a reply.</summary>
    private const string Forged = "$14\r\n\r\n$6\r\nforged\r\n\r\n";

    [Theory]
    [InlineData('*')]
    [InlineData('>')]
    public async Task MessagesOfAResubscription_CutAtAnyByte_AreRelayedWholeAndAnswerNothing(char type)
    {
        string Said(string kind, string channel, string last) =>
            $"{type}3\r\n${kind.Length}\r\n{kind}\r\n${channel.Length}\r\n{channel}\r\n{last}";
        string hello = type == '>' ? Hello3 : "";
        string confirmA = Said("subscribe", "a", ":1\r\n");
        string confirmB = Said("subscribe", "b", ":2\r\n");
        string between = Said("message", "a", "$1\r\n1\r\n");
        string behind = Said("message", "b", Forged) + Said("message", "a", "$1\r\n2\r\n");
        await ReplayAsync(
            SessionLab.Options(SessionLab.Options().Listeners[0] with { PubSub = PubSubAction.Resubscribe }),
            (type == '>' ? Requests.Of("HELLO", "3") : "") + Requests.Of("SUBSCRIBE", "a", "b"),
            hello + confirmA + confirmB,
            hello + confirmA + between + confirmB + behind,
            (hello + confirmA + between + confirmB).Length,
            between + behind,
            type == '>' ? (Requests.Get, "$1\r\nv\r\n") : (Requests.Of("PING"), "*2\r\n$4\r\npong\r\n$0\r\n\r\n"));
    }

    [Fact]
    public async Task InvalidationsBehindTheReplay_CutAtAnyByte_AreRelayedWholeAndAnswerNothing()
    {
        const string Invalidation = ">2\r\n$10\r\ninvalidate\r\n*1\r\n" + Forged;
        await ReplayAsync(
            SessionLab.Options(),
            Requests.Of("HELLO", "3") + Requests.Of("CLIENT", "TRACKING", "ON", "OPTIN"),
            Hello3 + "+OK\r\n",
            Hello3 + "+OK\r\n" + Invalidation,
            Hello3.Length + 5,
            Invalidation,
            (Requests.Get, "$1\r\nv\r\n"));
    }

    [Fact]
    public async Task InvalidationsBetweenTheReplayAndTheQueue_AreRelayed()
    {
        const string Invalidation = ">2\r\n$10\r\ninvalidate\r\n*1\r\n" + Forged;
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Of("HELLO", "3") + Requests.Of("CLIENT", "TRACKING", "ON") + Requests.Multi + Requests.Set,
            Hello3 + "+OK\r\n+OK\r\n+QUEUED\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ReadUntilAsync("MULTI\r\n");
        await second.SendAsync(Hello3 + "+OK\r\n+OK\r\n" + Invalidation[..20]);
        await second.ExpectAsync(Requests.Set);
        await second.SendAsync(Invalidation[20..] + "+QUEUED\r\n");
        await client.ReadUntilAsync("_\r\n");
        await client.ExpectAsync(Invalidation);
        await (client, second).ExchangeAsync(Requests.Exec, "*1\r\n+OK\r\n");
    }

    [Fact]
    public async Task MoreMessagesThanAreKept_AreLeftOutWhole()
    {
        ProxyOptions options = SessionLab.Options(SessionLab.Options().Listeners[0] with { PubSub = PubSubAction.Resubscribe });
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string Message(int bytes) => $"*3\r\n$7\r\nmessage\r\n$1\r\na\r\n${bytes}\r\n{new string('m', bytes)}\r\n";
        const string ConfirmA = "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n";
        const string ConfirmB = "*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n";
        await (client, first).ExchangeAsync(Requests.Of("SUBSCRIBE", "a", "b"), ConfirmA + ConfirmB);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ReadUntilAsync("$1\r\nb\r\n");
        await second.SendAsync(ConfirmA + Message(10) + Message(3_000_000) + Message(20) + ConfirmB + Message(30));
        await client.ExpectAsync(Message(10) + Message(20) + Message(30));
    }

    /// <summary>Backend after backend says the same, each cut after one byte more. Ready after so many bytes: settled.</summary>
    private static Task ReplayAsync(
        ProxyOptions options, string asked, string confirmed, string said, int settled, string relayed, (string Request, string Reply) next)
    {
        // Side by side, because an idle session takes its time to connect.
        const int Lanes = 4;
        return Task.WhenAll(Enumerable.Range(1, Lanes).Select(ReplayEachAsync));

        async Task ReplayEachAsync(int lane)
        {
            await using SessionLab lab = await SessionLab.StartAsync(options);
            (RawClient client, RawClient first) = await lab.ConnectPairAsync();
            await (client, first).ExchangeAsync(asked, confirmed);
            long generation = 1;
            for (int cut = lane; cut < said.Length; cut += Lanes)
            {
                generation++;
                await lab.ShowAsync(Availability.Available, generation, lab.Second);
                RawClient backend = await lab.AcceptAsync(lab.Second);
                Assert.Equal(asked.Length, (await backend.ReadExactlyAsync(asked.Length)).Length);
                await backend.SendAsync(said[..cut]);

                // Enough of a pause for the two parts to be received apart, mostly.
                await lab.Loop.InvokeAsync(static () => true);
                if (cut >= settled)
                {
                    await SessionLab.EventuallyAsync(() => lab.Counters.RetargetsDone == generation, "it is served again");
                }

                await backend.SendAsync(said[cut..]);
                string invalidated = asked.Contains("TRACKING", StringComparison.Ordinal) ? ">2\r\n$10\r\ninvalidate\r\n_\r\n" : "";
                await client.ExpectAsync(invalidated + relayed);
                await (client, backend).ExchangeAsync(next.Request, next.Reply);
            }
        }
    }
}
