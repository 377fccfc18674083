using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Testing;

using static RedisProxy.Tests.Sessions.Requests;

namespace RedisProxy.Tests.Sessions;

/// <summary>What a hold would meet, and that a failover then does so.</summary>
public sealed class HoldForecastTests
{
    private const string Ok = "+OK\r\n";
    private const string Queued = "+QUEUED\r\n";

    [Theory]
    [InlineData("GET k", 0, 0, false)]
    [InlineData("BLPOP k 0", 1, 0, true)]
    [InlineData("XREAD BLOCK 0 STREAMS s $", 1, 0, true)]
    [InlineData("WAIT 1 0", 1, 0, false)]
    [InlineData("BLPOP k 0|SET k v", 1, 1, false)]
    public async Task Wait_IsOfUnknownOutcome_OnlyIfItCanNeitherBeEndedNorRepeated(
        string commands, int blocking, int unknown, bool canBeEnded)
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        await lab.ConnectInFlightAsync(string.Concat(commands.Split('|').Select(command => Of(command.Split(' ')))));
        HoldForecast now = await lab.ForecastAsync();
        Assert.Equal((1, 1, blocking, unknown), (now.Sessions, now.InFlight, now.Blocking, now.Unknown));
        Assert.Equal((0, 0), (now.Pinned.Sum(), now.Subscriptions));

        // Asking has not marked the pop as one whose end the proxy has ordered.
        BlockedWaits waits = await lab.MarkWaitsAsync();
        Assert.Equal(canBeEnded, !waits.IsEmpty);
    }

    [Fact]
    public async Task PinnedSession_IsForeseenWithItsReason_AndThenClosed()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient Client, RawClient Backend) monitor = await lab.ConnectPairAsync();
        await monitor.ExchangeAsync(Of("MONITOR"), Ok);
        (RawClient Client, RawClient Backend) subscriber = await lab.ConnectPairAsync();
        await subscriber.ExchangeAsync(
            Of("SUBSCRIBE", "a", "b"), "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n");
        HoldForecast now = await lab.ForecastAsync();
        Assert.Equal((1, 1), (now.Pinned[(int)PinReason.Monitor], now.Pinned[(int)PinReason.PubSub]));
        Assert.Equal((2, 2), (now.Pinned.Sum(), now.Subscriptions));

        await lab.ServeSecondAsync();
        Assert.Equal(new ConnectionEnd("", WasReset: false), await monitor.Client.ReadToEndAsync());
        Assert.Equal(new ConnectionEnd("", WasReset: false), await subscriber.Client.ReadToEndAsync());
        Assert.Equal(now.Pinned, lab.Counters.Pinned);
    }

    [Theory]
    [InlineData(true, "v", 1, 0, "*-1\r\n")]
    [InlineData(false, "v", 0, 0, null)]
    [InlineData(false, "a value that is too large to keep", 0, 1, Aborted)]
    public async Task Transaction_IsLostAsForeseen(bool isWatching, string value, int conflicts, int aborts, string? exec)
    {
        ProxyOptions options = SessionLab.Options();
        int max = value.Length > 1 ? Of("SET", "k", "v").Length : options.Replay.MaxBytesPerSession;
        await using SessionLab lab = await SessionLab.StartAsync(
            options with { Replay = options.Replay with { MaxBytesPerSession = max } });
        (RawClient Client, RawClient Backend) pair = await lab.ConnectPairAsync();
        if (isWatching)
        {
            await pair.ExchangeAsync(Watch, Ok);
        }

        await pair.ExchangeAsync(Multi, Ok);
        await pair.ExchangeAsync(Of("SET", "k", value), Queued);
        HoldForecast now = await lab.ForecastAsync();
        Assert.Equal(
            (conflicts, aborts), (now.Transactions[(int)TransactionFate.Conflict], now.Transactions[(int)TransactionFate.Abort]));

        await lab.ServeSecondAsync();
        await pair.Client.SendAsync(Exec);
        if (exec is not null)
        {
            await pair.Client.ExpectAsync(exec);
        }
        else
        {
            // The queue is there again.
            RawClient second = await lab.AcceptAsync(lab.Second);
            await second.ExpectAsync(Multi);
        }
    }

    [Fact]
    public async Task Rate_IsThatOfTheBusiestSession()
    {
        await using SessionLab lab = await SessionLab.StartAsync();
        (RawClient Client, RawClient Backend) quiet = await lab.ConnectPairAsync();
        (RawClient Client, RawClient Backend) busy = await lab.ConnectPairAsync();
        await quiet.ExchangeAsync(Get, "$-1\r\n");
        HoldForecast before = await lab.ForecastAsync();
        await busy.ExchangeAsync(Set, Ok);
        await busy.ExchangeAsync(Set, Ok);
        await quiet.ExchangeAsync(Get, "$-1\r\n");
        (RawClient Client, RawClient Backend) later = await lab.ConnectPairAsync();
        await later.ExchangeAsync(Get, "$-1\r\n");
        HoldForecast now = await lab.ForecastAsync();
        Assert.Equal(2 * Set.Length, now.MostReceivedSince(before));
        Assert.Equal(4, now.Requests - before.Requests);
    }
}
