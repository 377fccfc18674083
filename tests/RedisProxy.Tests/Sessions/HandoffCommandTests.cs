using RedisProxy.Sessions;
using RedisProxy.Testing;

using static RedisProxy.Tests.Sessions.HandoffScene;
using static RedisProxy.Tests.Sessions.Requests;

namespace RedisProxy.Tests.Sessions;

/// <summary>CLIENT MAINT_NOTIFICATIONS: who answers it, with what, and for how long the answer holds.</summary>
public sealed class HandoffCommandTests
{
    private const string Misspelt = "-ERR syntax error\r\n";

    private static readonly string[] Command = ["CLIENT", "MAINT_NOTIFICATIONS"];

    [Theory]
    [InlineData(Ok, "ON")]
    [InlineData(Ok, "on", "MOVING-endpoint-type", "External-FQDN")]
    [InlineData(Ok, "ON", "moving-endpoint-type", "none")]
    [InlineData(Ok, "off")]
    [InlineData(Misspelt)]
    [InlineData(Misspelt, "maybe")]
    [InlineData(Misspelt, "OFF", "now")]
    [InlineData(Misspelt, "ON", "moving-endpoint-type")]
    [InlineData(Misspelt, "ON", "moving-endpoint-type", "ip")]
    [InlineData(Misspelt, "ON", "endpoint", "none")]
    public async Task Words_AreAnsweredByTheProxy(string answer, params string[] words)
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Of("HELLO", "3"), Hello3);
        await client.SendAsync(Of([.. Command, .. words]));
        await client.ExpectAsync(answer);
        await (client, backend).ExpectNothingAsync();
    }

    [Fact]
    public async Task Answer_KeepsItsPlaceInAPipeline()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Of("HELLO", "3") + Get + Ask + Get);
        await backend.ExpectAsync(Of("HELLO", "3") + Get + Get);
        await backend.SendAsync(Hello3 + "_\r\n");
        await client.ExpectAsync(Hello3 + "_\r\n" + Ok);
        await backend.SendAsync(":1\r\n");
        await client.ExpectAsync(":1\r\n");
    }

    /// <summary>The words may come inline, and in pieces.</summary>
    [Fact]
    public async Task InlineRequest_IsAnsweredToo()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Of("HELLO", "3"), Hello3);
        await client.SendAsync("client maint_noti");
        await client.SendAsync("fications on\r\n");
        await client.ExpectAsync(Ok);
        await client.ExpectHoldAsync(lab);
    }

    [Fact]
    public async Task InResp2_ItIsRefusedAndNothingIsSaid()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await client.SendAsync(Ask);
        await client.ExpectAsync("-ERR RedisProxy: notifications are pushes of RESP3, switch to it with HELLO 3 first\r\n");
        await ExpectSilenceAsync(lab, client, backend);
    }

    [Fact]
    public async Task WhoDidNotAsk_IsToldNothing()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Of("HELLO", "3"), Hello3);
        await ExpectSilenceAsync(lab, client, backend);
        Assert.Equal(0, lab.Counters.Handoffs.Sum());
    }

    [Theory]
    [InlineData("+RESET\r\n", "RESET")]
    [InlineData("*0\r\n", "HELLO", "2")]
    public async Task ReturnToResp2_EndsIt(string reply, params string[] words)
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await ConnectTakingPartAsync(lab);
        await (client, backend).ExchangeAsync(Of(words), reply);
        await (client, backend).ExchangeAsync(Of("HELLO", "3"), Hello3);
        await ExpectSilenceAsync(lab, client, backend);
    }

    [Theory]
    [InlineData("*2\r\n$6\r\nserver\r\n$5\r\nredis\r\n", "HELLO", "2")]
    [InlineData("+RESET\r\n", "RESET")]
    public async Task ReturnToResp2InAHold_IsToldOfItsEndFirst(string reply, params string[] words)
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await ConnectTakingPartAsync(lab);
        await client.ExpectAsync(await BeginHoldAsync(lab));
        await client.SendAsync(Of(words) + Get);
        await client.ExpectAsync(await EndHoldAsync(lab));
        await backend.ExpectAsync(Of(words) + Get);
        await backend.SendAsync(reply + "$-1\r\n");
        await client.ExpectAsync(reply + "$-1\r\n");
        await BeginHoldAsync(lab);
        await EndHoldAsync(lab);
        await (client, backend).ExpectNothingAsync();
    }

    [Fact]
    public async Task Off_EndsIt()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await ConnectTakingPartAsync(lab);
        await client.SendAsync(Of([.. Command, "OFF"]));
        await client.ExpectAsync(Ok);
        await ExpectSilenceAsync(lab, client, backend);
    }

    /// <summary>No new server is told, and none needs to be.</summary>
    [Fact]
    public async Task Failover_DoesNotEndIt()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, _) = await ConnectTakingPartAsync(lab);
        string opener = await BeginHoldAsync(lab);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Of("HELLO", "3"));
        await second.SendAsync(Hello3);
        await client.ExpectAsync(opener + Over(lab));
        await lab.ShowAsync(RedisProxy.Topology.Availability.Down, 2, lab.Second);
        await client.ExpectAsync($">4\r\n$12\r\nFAILING_OVER\r\n:{lab.LastNumber}\r\n:10\r\n$1\r\n1\r\n");
    }

    /// <summary>What is queued is answered by the server, and it refuses the transaction with what it does not know.</summary>
    [Fact]
    public async Task InsideMulti_TheServerRefusesItAndTheTransaction()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Of("HELLO", "3") + Multi, Hello3 + Ok);
        await (client, backend).ExchangeAsync(Ask, "-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.\r\n");
        await (client, backend).ExchangeAsync(Exec, "-EXECABORT Transaction discarded because of previous errors.\r\n");
        await ExpectSilenceAsync(lab, client, backend);
    }

    [Fact]
    public async Task SilentClient_GetsPushesAndNoAnswer()
    {
        await using SessionLab lab = await StartAsync();
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Of("HELLO", "3"), Hello3);
        await client.SendAsync(Of("CLIENT", "REPLY", "OFF") + Ask);
        await backend.ReadUntilAsync("CLIENT REPLY ON\n");
        await backend.SendAsync(Ok);
        await SessionLab.EventuallyAsync(() => lab.Counters.ProxyReplies[(int)Outcome.Handoffs] == 1, "the request is answered");
        await client.ExpectHoldAsync(lab);
    }

    [Fact]
    public async Task SwitchedOff_TheServerIsAskedAsBefore()
    {
        await using SessionLab lab = await StartAsync(listener => listener with { Handoffs = false });
        (RawClient client, RawClient backend) = await lab.ConnectPairAsync();
        await (client, backend).ExchangeAsync(Of("HELLO", "3"), Hello3);
        await (client, backend).ExchangeAsync(Ask, "-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.\r\n");
        await ExpectSilenceAsync(lab, client, backend);
    }

    private static async Task ExpectSilenceAsync(SessionLab lab, RawClient client, RawClient backend)
    {
        await BeginHoldAsync(lab);
        await EndHoldAsync(lab);
        await (client, backend).ExpectNothingAsync();
    }
}
