using System.Diagnostics;

using RedisProxy.Configuration;
using RedisProxy.Resp;
using RedisProxy.Testing;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>
/// After a failover pops go to the new master a moment later than the rest, so that a client that drops all of its connections because its
/// subscription was closed has dropped them by then, and takes nothing.
/// </summary>
public sealed class PopsAfterFailoverTests
{
    // What the gate waits for, less a tick of the loop's clock.
    private static readonly TimeSpan Later = TimeSpan.FromMilliseconds(240);

    private static readonly string BlPop = Requests.Of("BLPOP", "k", "0");

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pop_HeldByAFailover_GoesLaterThanTheConnectionIsThere(bool hasWaitedAtMaster)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        if (hasWaitedAtMaster)
        {
            await client.SendAsync(BlPop);
            await first.ExpectAsync(BlPop);
        }

        await lab.ShowAsync(Availability.PlannedHold, 1, lab.First, isPromoting: true);
        await (hasWaitedAtMaster
            ? first.SendAsync("-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n")
            : client.SendAsync(BlPop));
        long since = Stopwatch.GetTimestamp();
        await lab.ServeSecondAsync();
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(BlPop);
        Assert.True(Stopwatch.GetElapsedTime(since) >= Later);
        await second.SendAsync("*2\r\n$1\r\nk\r\n$1\r\ne\r\n");
        await client.ExpectAsync("*2\r\n$1\r\nk\r\n$1\r\ne\r\n");
    }

    [Fact]
    public async Task Pop_SentOverAConnectionToTheNewMaster_GoesLater()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Get, "$-1\r\n");
        long since = Stopwatch.GetTimestamp();
        await lab.ServeSecondAsync();
        await client.SendAsync(Requests.Get);
        RawClient second = await lab.AcceptAsync(lab.Second);
        await second.ExpectAsync(Requests.Get);
        await (second, client).ExchangeAsync("$-1\r\n", Requests.Set + BlPop + Requests.Get);
        Assert.True(Stopwatch.GetElapsedTime(since) >= Later);
        await second.SendAsync("+OK\r\n*-1\r\n$-1\r\n");
        await client.ExpectAsync("+OK\r\n*-1\r\n$-1\r\n");
        await (client, second).ExchangeAsync(BlPop + Requests.Get, "*-1\r\n$-1\r\n");
    }

    [Fact]
    public async Task Pop_SentRightAfterAFailover_KeepsItsPlaceAndOutlivesItsDeadline()
    {
        ProxyOptions options = SessionLab.Options() with { Hold = new HoldOptions { Timeout = TimeSpan.FromMilliseconds(100) } };
        await using SessionLab lab = await SessionLab.StartAsync(options);
        (RawClient client, RawClient first) = await lab.ConnectPairAsync();
        await (client, first).ExchangeAsync(Requests.Get, "$-1\r\n");
        long since = Stopwatch.GetTimestamp();
        await lab.ServeSecondAsync();
        await client.SendAsync(Requests.Get + BlPop);
        RawClient second = await lab.AcceptAsync(lab.Second);
        await (client, second).ServeAsync(Requests.Get, "$-1\r\n");
        await second.ExpectAsync(BlPop);
        Assert.True(Stopwatch.GetElapsedTime(since) >= Later);
        await second.SendAsync("*-1\r\n");
        await client.ExpectAsync("*-1\r\n");
    }

    [Theory]
    [InlineData("BLPOP", true)]
    [InlineData("BZMPOP", true)]
    [InlineData("XREADGROUP", true)]
    [InlineData("XREAD", false)]
    [InlineData("WAIT", false)]
    [InlineData("LPOP", false)]
    [InlineData("GET", false)]
    public void IsPop_IsWhatWaitsAndTakes(string command, bool isPop) =>
        Assert.Equal(isPop, CommandTable.BuiltIn.Find(System.Text.Encoding.ASCII.GetBytes(command)).IsPop);
}
