using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>CLIENT REPLY: requests that get no reply, among those that do.</summary>
public sealed class ReplyModeTests
{
    private static readonly string Off = Requests.Of("CLIENT", "REPLY", "OFF");
    private static readonly string On = Requests.Of("CLIENT", "REPLY", "ON");
    private static readonly string Skip = Requests.Of("CLIENT", "REPLY", "SKIP");

    [Fact]
    public async Task RequestsWithoutReplies_TakeNobodyElsesReply()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string requests = Requests.Get + Off + Requests.Set + Requests.Set + On + Requests.Get + Skip + Requests.Set + Requests.Get;
        await (client, first).ExchangeAsync(requests, "$1\r\n1\r\n+OK\r\n$1\r\n2\r\n$1\r\n3\r\n");
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 8, "all are done");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Get, "$1\r\n4\r\n");
    }

    [Fact]
    public async Task Silence_IsReplayedLastAndTheSessionGoesOn()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Of("CLIENT", "SETNAME", "n"), "+OK\r\n");
        string requests = Off + Requests.Of("SELECT", "2") + Requests.Set;
        await client.SendAsync(requests);
        await first.ExpectAsync(requests);
        await SessionLab.EventuallyAsync(() => lab.Counters.Requests == 4, "nothing is in flight");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Of("SELECT", "2") + Requests.Of("CLIENT", "SETNAME", "n") + Off);
        await second.SendAsync("+OK\r\n+OK\r\n");
        await (client, second).ExchangeAsync(Requests.Set + On, "+OK\r\n");
        await lab.ShowAsync(Availability.Available, 3, lab.First);
        RawClient third = await lab.AcceptAsync(lab.First);
        await third.ExpectAsync(Requests.Of("SELECT", "2") + Requests.Of("CLIENT", "SETNAME", "n"));
    }

    [Fact]
    public async Task SkippedRequest_IsHeldTogetherWithItsSkip()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await client.SendAsync(Skip);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await client.SendAsync(Requests.Set + Requests.Get);
        await second.ExpectAsync(Skip + Requests.Set + Requests.Get);
        await second.SendAsync("$1\r\n1\r\n");
        await client.ExpectAsync("$1\r\n1\r\n");
        Assert.Equal("", (await first.ReadToEndAsync()).Rest);
    }

    [Fact]
    public async Task HeldRequestWithoutReply_PastItsDeadline_IsDroppedInSilence()
    {
        ProxyOptions options = SessionLab.Options() with { Hold = new HoldOptions { Timeout = TimeSpan.FromMilliseconds(200) } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        RawClient client = await lab.ConnectAsync();
        await client.SendAsync(Skip + Requests.Set + Requests.Get);
        await client.ExpectAsync(Requests.NotExecuted);
        await lab.ServeFirstAsync();
        RawClient first = await lab.AcceptAsync(lab.First);
        await (client, first).ExchangeAsync(Requests.Get, "$1\r\n1\r\n");
    }

    [Fact]
    public async Task RejectionBeforeARequestWithoutReply_IsTheClientsOwn()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Set + Skip + Requests.Set + Requests.Get, Requests.ReadOnly + "$1\r\n1\r\n");
    }

    [Fact]
    public async Task Reset_EndsTheSilence()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Off + Requests.Set + Requests.Of("RESET") + Requests.Get, "+RESET\r\n$1\r\n1\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ExchangeAsync(Requests.Get, "$1\r\n4\r\n");
    }

    [Fact]
    public async Task SilenceThatTheBackendForbids_IsRelayedAndPinsTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        const string Replies = "-NOPERM this user has no permissions to run the 'client|reply' command\r\n+OK\r\n$1\r\n1\r\n";
        await (client, first).ExchangeAsync(Off + Requests.Set + Requests.Get, Replies);
        await lab.ServeSecondAsync();
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
        await SessionLab.EventuallyAsync(() => lab.Counters.Pinned[(int)PinReason.ReplyMode] == 1, "the reason is counted");
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
}
