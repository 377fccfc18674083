using RedisProxy.Testing;

using StackExchange.Redis;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>An application written with StackExchange.Redis, a plain connection string, and no idea of Sentinel.</summary>
public sealed class StackExchangeRedisTests
{
    private static readonly RedisChannel News = RedisChannel.Literal("news");

    [Fact]
    public async Task Application_UsesEverydayCommands()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        using ConnectionMultiplexer connection = await ConnectAsync(proxy);
        IDatabase database = connection.GetDatabase(2);
        Assert.True(await database.StringSetAsync("k", "v"));
        Assert.Equal("v", (string?)await database.StringGetAsync("k"));
        Task<long>[] increments = [.. Enumerable.Range(0, 5000).Select(_ => database.StringIncrementAsync("n"))];
        await Task.WhenAll(increments);
        Assert.Equal(5000, (long)await database.StringGetAsync("n"));

        ITransaction transaction = database.CreateTransaction();
        transaction.AddCondition(Condition.StringEqual("k", "v"));
        Task<bool> changed = transaction.StringSetAsync("depends on k", "w");
        Assert.True(await transaction.ExecuteAsync());
        Assert.True(await changed);
        Assert.Equal("w", (string?)await database.ScriptEvaluateAsync("return redis.call('GET', KEYS[1])", ["depends on k"]));
    }

    [Fact]
    public async Task Subscriber_GetsMessages()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        using ConnectionMultiplexer connection = await ConnectAsync(proxy, withPubSub: true);
        var got = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await connection.GetSubscriber().SubscribeAsync(News, (_, message) => got.TrySetResult(message!));

        Assert.Equal(1, await connection.GetSubscriber().PublishAsync(News, "hello"));
        Assert.Equal("hello", await got.Task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System));
    }

    [Fact]
    public async Task Application_AcrossAPlannedFailover_KeepsItsConnectionAndSeesNoError()
    {
        await using FailoverFixture fixture = await FailoverFixture.StartAsync();
        using ConnectionMultiplexer connection = await ConnectAsync(fixture.Proxy);
        int failures = 0;
        connection.ConnectionFailed += (_, _) => Interlocked.Increment(ref failures);
        IDatabase database = connection.GetDatabase();
        using var end = new CancellationTokenSource();
        Task<long> counting = CountAsync(database, end.Token);
        await WaitForAsync(database, 500);
        await fixture.Deployment.FailoverAsync();
        await fixture.Deployment.WaitForMasterAsync(fixture.FirstMaster, FailoverFixture.Patience);
        await fixture.Deployment.WaitUntilHealthyAsync(FailoverFixture.Patience);
        await WaitForAsync(database, (long)await database.StringGetAsync("n") + 500);
        await end.CancelAsync();
        long acknowledged = await counting;
        Assert.Equal(acknowledged, (long)await database.StringGetAsync("n"));
        Assert.Equal(0, failures);
    }

    private static async Task<long> CountAsync(IDatabase database, CancellationToken end)
    {
        long last = 0;
        while (!end.IsCancellationRequested)
        {
            last = await database.StringIncrementAsync("n");
        }

        return last;
    }

    private static Task WaitForAsync(IDatabase database, long count) => Eventually.Within(
        FailoverFixture.Patience, async () => (long)await database.StringGetAsync("n") >= count, $"the counter reaches {count}");

    // Its second connection only subscribes, and a failover closes subscribers by contract; "$SUBSCRIBE=" leaves that one out.
    private static Task<ConnectionMultiplexer> ConnectAsync(ProxyProcess proxy, bool withPubSub = false) =>
        ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{proxy.Port}" + (withPubSub ? "" : ",$SUBSCRIBE="));
}
