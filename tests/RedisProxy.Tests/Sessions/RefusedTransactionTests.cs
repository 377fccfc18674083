using RedisProxy.Sessions;
using RedisProxy.Testing;

namespace RedisProxy.Tests.Sessions;

/// <summary>What a user may not do with its own transaction: DISCARD or RESET that the server refuses leave it open.</summary>
public sealed class RefusedTransactionTests
{
    private const string NoPermission = "-NOPERM User low has no permissions to run the 'discard' command\r\n";

    [Theory]
    [InlineData("DISCARD")]
    [InlineData("RESET")]
    [InlineData("WATCH k")]
    [InlineData("MULTI")]
    public async Task CommandThatTheServerDoesNotPermit_SpoilsTheTransaction(string command)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Multi + Requests.Set + Requests.Of(command.Split(' ')), "+OK\r\n+QUEUED\r\n" + NoPermission);
        await (client, first).ExchangeAsync(Requests.Set, "+QUEUED\r\n");

        // The lost master would have answered EXECABORT, and so must the next one.
        await lab.ServeSecondAsync();
        await lab.AcceptAsync(lab.Second);
        await client.SendAsync(Requests.Exec);
        await client.ExpectAsync(Requests.Aborted);
    }

    [Theory]
    [InlineData("MULTI", "-ERR MULTI calls can not be nested\r\n")]
    [InlineData("WATCH k", "-ERR WATCH inside MULTI is not allowed\r\n")]
    public async Task CommandThatMakesNoSenseInIt_DoesNot(string command, string error)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Multi + Requests.Set + Requests.Of(command.Split(' ')), "+OK\r\n+QUEUED\r\n" + error);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Multi);
        await second.SendAsync("+OK\r\n");
        await second.ExpectAsync(Requests.Set);
        await second.SendAsync("+QUEUED\r\n");
        await (client, second).ExchangeAsync(Requests.Exec, "*1\r\n+OK\r\n");
    }

    [Theory]
    [InlineData("DISCARD")]
    [InlineData("RESET")]
    public async Task RequestBehindARefusedEnd_IsOneOfTheTransaction(string end)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(
            Requests.Set + Requests.Multi + Requests.Of(end), "+OK\r\n+OK\r\n" + NoPermission);

        // Queued, and in EXEC's reply, so nothing that the proxy could answer or count.
        await (client, first).ExchangeAsync(Requests.Of("SUBSCRIBE", "c"), "+QUEUED\r\n");
        await lab.ServeSecondAsync();
        Assert.Equal("", (await client.ReadToEndAsync()).Rest);
        await SessionLab.EventuallyAsync(() => lab.Counters.Pinned[(int)PinReason.PubSub] == 1, "it is closed for the subscription");
    }

    [Fact]
    public async Task SubscribeInOneBurstWithARefusedEnd_EndsTheSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string requests = Requests.Multi + Requests.Of("DISCARD") + Requests.Of("SUBSCRIBE", "c");
        await client.SendAsync(requests);
        await first.ExpectAsync(requests);
        await first.SendAsync("+OK\r\n" + NoPermission + "+QUEUED\r\n");
        Assert.Equal("+OK\r\n" + NoPermission + "+QUEUED\r\n", (await client.ReadToEndAsync()).Rest);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TransactionThatIsNotKept_LostBeforeItsExec_IsAbortedAsAWhole(bool isConfirmed)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        string large = Requests.Of("SET", "k", new string('v', 300_000));
        Task sending = client.SendAsync(Requests.Multi + large);
        await first.ReadExactlyAsync((Requests.Multi + large).Length);
        await sending;
        if (isConfirmed)
        {
            await first.SendAsync("+OK\r\n");
            await client.ExpectAsync("+OK\r\n");
        }

        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await client.ExpectAsync(isConfirmed ? Requests.NotExecuted : "+OK\r\n" + Requests.Unknown);
        await client.SendAsync(Requests.Set + Requests.Exec);
        await client.ExpectAsync("+QUEUED\r\n" + Requests.Aborted);
        await (client, second).ExchangeAsync(Requests.Get, "$-1\r\n");
    }
}
