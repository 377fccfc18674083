using System.Text.Json.Nodes;

using RedisProxy.Testing;

using StackExchange.Redis;
using StackExchange.Redis.Availability;

namespace RedisProxy.ProcessTests.Clients.DotNet;

/// <summary>
/// An outage longer than <c>hold.timeout</c>, as StackExchange.Redis shows it: NOT-EXECUTED in time, not its own timeout. What
/// <c>WithRetry</c> then repeats by itself is what may be repeated.
/// </summary>
#pragma warning disable CA1001 // IAsyncLifetime disposes of them.
public sealed class OutageTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private RedisServer _server = null!;
    private ProxyProcess _proxy = null!;
    private ConnectionMultiplexer _multiplexer = null!;
    private int _closed;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync(new RedisServerOptions { AppendOnly = true });
        _proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(_server).With("hold.timeout", "1s"));
        _multiplexer = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{_proxy.Port},$SUBSCRIBE=");
        _multiplexer.ConnectionFailed += (_, _) => _closed++;
    }

    public async ValueTask DisposeAsync()
    {
        await _multiplexer.DisposeAsync();
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Command_InAnOutage_IsToldNotExecutedOnAConnectionThatIsKept()
    {
        IDatabase database = _multiplexer.GetDatabase();
        await database.StringIncrementAsync("n");
        await _server.TerminateAsync();
        RedisServerException refused = await Assert.ThrowsAsync<RedisServerException>(() => database.StringIncrementAsync("n"));
        Assert.Equal(RedisErrorKind.Loading, refused.Kind);
        Assert.Contains("the command was not executed", refused.Message, StringComparison.Ordinal);
        await _server.RestartAsync(keepData: true);
        Assert.Equal(2, await database.StringIncrementAsync("n"));
        Assert.Equal(0, _closed);
    }

    [Fact]
    public async Task WithRetry_InAnOutage_RepeatsWhatWasNotExecuted()
    {
        IDatabase database = _multiplexer.GetDatabase();
        await database.StringIncrementAsync("n");
        await _server.TerminateAsync();
        Task<long> retried = database.WithRetry().StringIncrementAsync("n");
        await Assert.ThrowsAsync<RedisServerException>(() => database.StringIncrementAsync("n"));
        await _server.RestartAsync(keepData: true);
        Assert.Equal(2, await retried.WaitAsync(Patience, TimeProvider.System));
        Assert.Equal(0, _closed);
    }

    [Theory]
    [InlineData("INCR")]
    [InlineData("SET")]
    public async Task WithRetry_OfAWriteOfUnknownOutcome_DoesNotRepeatIt(string command)
    {
        IDatabase database = _multiplexer.GetDatabase();
        await database.StringSetAsync("n", 1);
        _server.Freeze();
        IDatabaseAsync retrying = database.WithRetry();
        Task write = command == "INCR" ? retrying.StringIncrementAsync("n") : retrying.StringSetAsync("n", 2);
        await InFlightAsync();
        await _server.KillAsync();
        await _server.RestartAsync(keepData: true);
        RedisServerException unknown = await Assert.ThrowsAsync<RedisServerException>(() => write);
        Assert.Contains("the outcome of the command is unknown", unknown.Message, StringComparison.Ordinal);
        Assert.Equal(1, (long)await database.StringGetAsync("n"));
        Assert.Equal(0, _closed);
    }

    /// <summary>With the proxy or without. So pops have to end before the client's timeout, which is 5 s by default.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pop_ThatOutlastsTheClientsTimeout_TakesAnElementForNobody(bool throughProxy)
    {
        int port = throughProxy ? _proxy.Port : _server.Port;
        await using ConnectionMultiplexer poppers =
            await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port},asyncTimeout=500,$SUBSCRIBE=");
        await Assert.ThrowsAsync<RedisTimeoutException>(() => poppers.GetDatabase().ExecuteAsync("BLPOP", "queue", 0));
        Assert.Equal("1", (await _server.InfoAsync("clients"))["blocked_clients"]);
        await _server.CallAsync("RPUSH", "queue", "lost");
        Assert.Equal(0, await _multiplexer.GetDatabase().ListLengthAsync("queue"));
    }

    private Task InFlightAsync() => Eventually.Within(
        Patience,
        async () => Sessions(await _proxy.Http.GetStringAsync(new Uri("sessions", UriKind.Relative)))
            .Any(session => (int)session!["inFlight"]! == 1),
        "a command is in flight");

    private static JsonArray Sessions(string answer) => JsonNode.Parse(answer)!["sessions"]!.AsArray();
}
