using RedisProxy.Testing;

using StackExchange.Redis;

namespace RedisProxy.ProcessTests.Clients.DotNet;

/// <summary>
/// One ConnectionMultiplexer with its default options, as an application has it, shared by callers that write, through everything that
/// can happen to the master and to the proxy. It is never replaced. Only where the proxy is started again, callers wait longer than the
/// default of 5 s: that is how long a busy machine may take to start it.
/// </summary>
public sealed class MultiplexerTests(ITestOutputHelper output)
{
    private const int Callers = 4;
    private const string Name = "application";
    private const int PatientMs = 30_000;

    private static readonly string Patient = $"asyncTimeout={PatientMs}";

    [Theory]
    [InlineData("protocol=resp2")]
    [InlineData("protocol=resp3")]
    public async Task Multiplexer_ThroughFaultsOfTheMaster_KeepsItsConnectionAndLosesNothingItWasToldIsWritten(string protocol)
    {
        await using ApplicationStage stage = await ApplicationStage.StartAsync();
        ConnectionMultiplexer multiplexer = await stage.ConnectAsync(Name, protocol);
        int closed = 0;
        multiplexer.ConnectionFailed += (_, e) => Interlocked.Add(ref closed, IsForCommands(e));
        await using RepeatedCalls calls = Write(multiplexer);

        Assert.Empty(await ThroughAsync("planned failover", stage.FailOverAsync));
        Assert.Equal(0, await LostAsync(stage, calls));

        // One write of each caller is in flight, and the one before it may be what the master told its replicas nothing of.
        calls.AssertToldUnknownOfWhatWasInFlight(await ThroughAsync("master frozen", stage.FreezeMasterAsync));
        Assert.InRange(await LostAsync(stage, calls), 0, Callers);
        IReadOnlyList<string> errors = await ThroughAsync("master killed", () => stage.KillMasterAsync(calls));
        calls.AssertToldUnknownOfWhatWasInFlight(errors);
        Assert.Contains(RepeatedCalls.Unknown, errors);
        Assert.InRange(await LostAsync(stage, calls), 0, 2 * Callers);
        Assert.Equal(0, closed);

        // Of its two connections, the second only subscribes, and each failover closes it.
        async Task<IReadOnlyList<string>> ThroughAsync(string fault, Func<Task> strikeAsync)
        {
            IReadOnlySet<long> before = await TwoSessionsAsync(stage);
            IReadOnlyList<string> told = await calls.ThroughAsync(output, $"{protocol}, {fault}", strikeAsync);
            IReadOnlySet<long> after = await TwoSessionsAsync(stage);
            Assert.Single(before.Intersect(after));
            return told;
        }
    }

    /// <summary>
    /// What is sent in the very moment in which the proxy closes the connection never reaches a master, but the client cannot know that.
    /// Everything else waits in its backlog until it has connected again.
    /// </summary>
    [Theory]
    [InlineData("protocol=resp2")]
    [InlineData("protocol=resp3")]
    public async Task Multiplexer_WhoseProxyEndsInOrder_ConnectsAgainByItselfAndKnowsWhatWasExecuted(string protocol)
    {
        await using ApplicationStage stage = await ApplicationStage.StartAsync();
        await using RepeatedCalls calls = Write(await stage.ConnectAsync(Name, protocol, Patient));
        Assert.Empty(await calls.ThroughAsync(output, $"{protocol}, proxy replaced (--take-over)", stage.ReplaceProxyAsync));
        await ThroughAsync("proxy stopped and started", stage.RestartProxyAsync);
        await ThroughAsync("drained and reloaded", async () =>
        {
            await stage.DrainAsync();
            await Eventually.Within(
                ApplicationStage.Patience, async () => (await stage.SessionsAsync(Name)).Count == 0, "all sessions have ended");
            await stage.ReloadAsync();
        });
        await calls.StopAsync();
        for (int caller = 0; caller < Callers; caller++)
        {
            Assert.Equal(calls.Acknowledged(caller), await stage.ListAsync(Key(caller)));
        }

        async Task ThroughAsync(string fault, Func<Task> strikeAsync)
        {
            IReadOnlyList<string> told = await calls.ThroughAsync(output, $"{protocol}, {fault}", strikeAsync);
            calls.AssertToldOfTheLostConnection(told);
        }
    }

    [Theory]
    [InlineData("protocol=resp2")]
    [InlineData("protocol=resp3")]
    public async Task Multiplexer_WhoseProxyIsKilled_FailsOnlyWhatIsInFlight(string protocol)
    {
        await using ApplicationStage stage = await ApplicationStage.StartAsync();
        await using RepeatedCalls calls = Write(await stage.ConnectAsync(Name, protocol, Patient));
        IReadOnlyList<string> errors = await calls.ThroughAsync(output, $"{protocol}, proxy killed and started", stage.KillProxyAsync);
        calls.AssertToldOfTheLostConnection(errors);
        Assert.Equal(0, await LostAsync(stage, calls));
    }

    /// <summary>
    /// The first attempt follows at once, so a policy matters only while the proxy refuses. It is asked at each heartbeat, every second.
    /// </summary>
    [Theory]
    [InlineData("linear")]
    [InlineData("exponential")]
    public async Task Multiplexer_WithAReconnectRetryPolicy_ConnectsAgainWhenThePolicySaysSo(string kind)
    {
        await using ApplicationStage stage = await ApplicationStage.StartAsync();
        var policy = new AskedPolicy(kind == "linear" ? new LinearRetry(500) : new ExponentialRetry(500, 2000));
        ConfigurationOptions options = ConfigurationOptions.Parse($"127.0.0.1:{stage.Proxy.Port},name={Name}");
        options.ReconnectRetryPolicy = policy;
        options.AsyncTimeout = PatientMs;
        ConnectionMultiplexer multiplexer = await stage.ConnectAsync(options);
        int restored = 0;
        multiplexer.ConnectionRestored += (_, e) => Interlocked.Add(ref restored, IsForCommands(e));
        await using RepeatedCalls calls = Write(multiplexer);
        IReadOnlyList<string> errors = await calls.ThroughAsync(output, $"{kind}, proxy stopped and started", stage.RestartProxyAsync);
        calls.AssertToldOfTheLostConnection(errors);
        Assert.Equal(1, restored);
        Assert.True(policy.SaidYes > 0);
        Assert.Equal(0, await LostAsync(stage, calls));
    }

    private static RepeatedCalls Write(ConnectionMultiplexer multiplexer) =>
        new(Callers, (caller, n) => multiplexer.GetDatabase().ListRightPushAsync(Key(caller), n));

    private static int IsForCommands(ConnectionFailedEventArgs e) => e.ConnectionType == ConnectionType.Interactive ? 1 : 0;

    private static string Key(int caller) => $"numbers:{caller}";

    private static async Task<IReadOnlySet<long>> TwoSessionsAsync(ApplicationStage stage) => await Eventually.Within(
        ApplicationStage.Patience, () => stage.SessionsAsync(Name), sessions => sessions.Count == 2, "it has its two connections");

    private static async Task<int> LostAsync(ApplicationStage stage, RepeatedCalls calls)
    {
        int lost = 0;
        for (int caller = 0; caller < calls.Callers; caller++)
        {
            // In this order: what is acknowledged later may be there too.
            IReadOnlyList<long> acknowledged = calls.Acknowledged(caller);
            lost += acknowledged.Except(await stage.ListAsync(Key(caller))).Count();
        }

        return lost;
    }

    private sealed class AskedPolicy(IReconnectRetryPolicy policy) : IReconnectRetryPolicy
    {
        private int _saidYes;

        public int SaidYes => Volatile.Read(ref _saidYes);

        public bool ShouldRetry(long currentRetryCount, int timeElapsedMillisecondsSinceLastRetry)
        {
            bool isTime = policy.ShouldRetry(currentRetryCount, timeElapsedMillisecondsSinceLastRetry);
            Interlocked.Add(ref _saidYes, isTime ? 1 : 0);
            return isTime;
        }
    }
}
