using RedisProxy.Configuration;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>The backend is lost between a MULTI and its EXEC.</summary>
public class OpenTransactionTests
{
    private static readonly string SetA = Requests.Of("SET", "a", "1");
    private static readonly string SetB = Requests.Of("SET", "b", "2");

    [Fact]
    public async Task OpenTransactionInFlight_MultiWasAnswered_IsSentAgainAndAnsweredThere()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Multi, "+OK\r\n");
        await client.SendAsync(SetA + SetB);
        await first.ExpectAsync(SetA + SetB);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Multi);
        await second.SendAsync("+OK\r\n");
        await (client, second).ServeAsync(SetA + SetB, "+QUEUED\r\n+QUEUED\r\n");
        await (client, second).ExchangeAsync(Requests.Exec, "*2\r\n+OK\r\n+OK\r\n");
    }

    // The first master may have refused the MULTI (a permission, a renamed command) and then executed what was behind it.
    [Fact]
    public async Task OpenTransactionInFlight_MultiWasNotAnswered_WritesAreUnknownAndItIsAborted()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Multi + Requests.Get + SetA);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await client.ExpectAsync("+OK\r\n+QUEUED\r\n" + Requests.Unknown);
        await client.SendAsync(SetB + Requests.Exec);
        await client.ExpectAsync("+QUEUED\r\n" + Requests.Aborted);
        await (client, second).ExchangeAsync(Requests.Get, "$-1\r\n");
    }

    [Fact]
    public async Task OpenTransactionInFlight_OnlyReadsBehindAnUnansweredMulti_IsSentAgain()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Multi + Requests.Get);
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(Requests.Multi + Requests.Get, "+OK\r\n+QUEUED\r\n");
        await (client, second).ExchangeAsync(Requests.Exec, "*1\r\n$-1\r\n");
    }

    [Fact]
    public async Task OpenTransaction_PartlyAnswered_IsContinuedInOrder()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Multi + SetA + SetB, "+OK\r\n+QUEUED\r\n");
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Multi);
        await second.SendAsync("+OK\r\n");
        await second.ExpectAsync(SetA);
        await second.SendAsync("+QUEUED\r\n");
        await (client, second).ServeAsync(SetB, "+QUEUED\r\n");
    }

    // Nothing of it may run alone, though nobody knows whether the lost master had begun it.
    [Fact]
    public async Task MultiThatWasSentAndWaitsTooLong_IsBegunHereAndAborted()
    {
        ProxyOptions options = SessionLab.Options() with { Hold = new HoldOptions { Timeout = TimeSpan.FromMilliseconds(100) } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectInFlightAsync(Requests.Multi + SetA);
        await lab.ShowAsync(Availability.Down, 1, lab.First);
        first.Reset();
        await client.ExpectAsync("+OK\r\n" + Requests.Unknown);
        await client.SendAsync(Requests.Get);
        await client.ExpectAsync("+QUEUED\r\n");
        await lab.ServeSecondAsync();
        await client.SendAsync(Requests.Exec);
        await client.ExpectAsync(Requests.Aborted);
    }
}
