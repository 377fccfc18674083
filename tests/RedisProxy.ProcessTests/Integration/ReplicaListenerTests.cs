using System.Text.Json.Nodes;

using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>What clients that read see through a replica listener, whatever happens to the replicas.</summary>
public sealed class ReplicaListenerTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Readers = 12;
    private const int Idle = 12;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly List<RawClient> _idle = [];
    private SentinelDeployment _deployment = null!;
    private ProxyProcess? _proxy;

    private RedisServer Master => _deployment.Servers[0];

    public async ValueTask InitializeAsync()
    {
        _deployment = await SentinelDeployment.StartAsync();
        await ReadLoad.PrepareAsync(Master, replicas: 2);
    }

    public async ValueTask DisposeAsync()
    {
        _idle.ForEach(client => client.Dispose());
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }

        await _deployment.DisposeAsync();
    }

    [Fact]
    public async Task Sessions_AreSpread_AndWritesGetTheReplicasOwnError()
    {
        ProxyProcess proxy = await StartAsync();
        await OpenIdleAsync(proxy);
        int[] sessions = await SessionsAsync();
        Assert.True(ProxyLinks.AreShared || sessions is [Idle / 2, Idle / 2], $"not spread: {string.Join(", ", sessions)}");
        RawReply refused = await _idle[0].CallAsync("SET", "a", "1");
        Assert.Equal("READONLY You can't write against a read only replica.", refused.Text);
        Assert.Equal("slave", (await _idle[0].CallAsync("ROLE")).Items[0].Text);
        Assert.Equal("master", await RoleThroughAsync(proxy.Ports[0]));
        await AssertIdleAreAsTheyWereAsync();

        string status = await proxy.Http.GetStringAsync(new Uri("status", UriKind.Relative));
        JsonNode listener = JsonNode.Parse(status)!["listeners"]!.AsArray().Single(one => (string)one!["role"]! == "replica")!;
        Assert.Equal(2, listener["servers"]!.AsArray().Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReplicaThatIsLost_IsLeftByAll_AndGetsItsShareWhenItIsBack(bool isFrozen)
    {
        ProxyProcess proxy = await StartAsync(("slowStart", "1s"));
        await OpenIdleAsync(proxy);
        await using ReadLoad load = ReadLoad.Start(proxy, proxy.Ports[1], Readers);
        await load.WaitForRepliesAsync(500, Patience);
        RedisServer lost = _deployment.Servers[1];
        if (isFrozen)
        {
            lost.Freeze();
        }
        else
        {
            await lost.KillAsync();
        }

        await Eventually.Within(
            Patience, async () => (await SessionsAsync()) is [var all] && AreAll(all), "all sessions are at the other replica");
        await load.WaitForRepliesAsync(2000, Patience);
        await AssertIdleAreAsTheyWereAsync();
        output.WriteLine($"longest pause {load.LongestPause.TotalMilliseconds:0} ms, {load.Replies} replies");
        Assert.Empty(load.Problems);

        if (isFrozen)
        {
            lost.Thaw();
        }
        else
        {
            await lost.RestartAsync(keepData: true);
        }

        // Two more than its share are left to a session that may come.
        await Eventually.Within(
            Patience,
            async () => (await SessionsAsync()) is [var one, var other] && AreAll(one + other) && Math.Abs(one - other) <= 4,
            "both replicas have their share again");
        await load.WaitForRepliesAsync(500, Patience);
        await AssertIdleAreAsTheyWereAsync();
        Assert.Empty(load.Problems);
    }

    [Fact]
    public async Task ReplicaThatIsPromoted_IsLeft_AndNobodyNoticesTheFailover()
    {
        ProxyProcess proxy = await StartAsync();
        await OpenIdleAsync(proxy);
        await using ReadLoad load = ReadLoad.Start(proxy, proxy.Ports[1], Readers);
        await load.WaitForRepliesAsync(500, Patience);
        await _deployment.FailoverAsync();
        RedisServer master = await _deployment.WaitForMasterAsync(Master, Patience);
        await _deployment.WaitUntilHealthyAsync(Patience);
        await Eventually.Within(
            Patience,
            async () => (await ServersAsync()) is { Count: 2 } servers && !servers.Contains(master.Endpoint),
            "the old master is a replica that serves, and the new master is none");
        await load.WaitForRepliesAsync(1000, Patience);
        await AssertIdleAreAsTheyWereAsync();
        output.WriteLine($"longest pause {load.LongestPause.TotalMilliseconds:0} ms, {load.Replies} replies");
        Assert.Empty(load.Problems);
    }

    [Fact]
    public async Task MasterThatIsLost_IsNotMissedByReaders()
    {
        ProxyProcess proxy = await StartAsync(("fallback", "reject"));
        await OpenIdleAsync(proxy);
        await using ReadLoad load = ReadLoad.Start(proxy, proxy.Ports[1], Readers);
        await load.WaitForRepliesAsync(500, Patience);
        await Master.KillAsync();
        await _deployment.WaitForMasterAsync(Master, Patience);
        await load.WaitForRepliesAsync(1000, Patience);
        await Eventually.Within(Patience, async () => (await SessionsAsync()) is [var all] && AreAll(all), "the other replica serves all");
        await AssertIdleAreAsTheyWereAsync();
        output.WriteLine($"longest pause {load.LongestPause.TotalMilliseconds:0} ms, {load.Replies} replies");
        Assert.Empty(load.Problems);
    }

    [Fact]
    public async Task WithoutAHealthyReplica_TheMasterServes_UntilOneIsBack()
    {
        ProxyProcess proxy = await StartAsync();
        await OpenIdleAsync(proxy);
        await using ReadLoad load = ReadLoad.Start(proxy, proxy.Ports[1], Readers);
        await load.WaitForRepliesAsync(500, Patience);
        await Task.WhenAll(_deployment.Servers.Skip(1).Select(replica => replica.KillAsync()));
        await Eventually.Within(Patience, async () => (await ServersAsync()) is [var only] && only == Master.Endpoint, "the master serves");
        Assert.Equal(1, (await proxy.ScrapeAsync()).Value("redisproxy_listener_falls_back", ("listener", "reads")));
        await load.WaitForRepliesAsync(1000, Patience);
        await AssertIdleAreAsTheyWereAsync();
        await _deployment.Servers[1].RestartAsync(keepData: true);
        await Eventually.Within(
            Patience, async () => (await ServersAsync()) is [var only] && only == _deployment.Servers[1].Endpoint, "the replica serves");
        await load.WaitForRepliesAsync(500, Patience);
        await AssertIdleAreAsTheyWereAsync();
        Assert.Empty(load.Problems);
    }

    [Fact]
    public async Task WithoutAHealthyReplica_WhenConfiguredSo_RequestsWaitAndAreThenRefused()
    {
        ProxyProcess proxy = await StartAsync(("fallback", "reject"));
        await OpenIdleAsync(proxy);
        await Task.WhenAll(_deployment.Servers.Skip(1).Select(replica => replica.KillAsync()));
        await Eventually.Within(Patience, async () => (await ServersAsync()).Count == 0, "nobody serves");
        RawReply refused = await _idle[0].CallAsync("GET", "const:1");
        Assert.Equal("LOADING", refused.ErrorCode);
        await _deployment.Servers[2].RestartAsync(keepData: true);
        await Eventually.Within(
            Patience, async () => (await _idle[0].CallAsync("GET", "const:1")).Text == "value-1", "the replica serves again");
        await AssertIdleAreAsTheyWereAsync();
    }

    [Fact]
    public async Task ReplicaThatLags_IsLeft_UntilItHasCaughtUp()
    {
        // The address map takes the slow way to the master for the master, which it is.
        await using FaultRelay slow = FaultRelay.To(Master.Port);
        ProxyProcess proxy = await StartAsync(
            options => options.With("sentinel.addressMap", new JsonObject { [slow.Endpoint] = Master.Endpoint }),
            ("maxLagBytes", "64KiB"));
        await OpenIdleAsync(proxy);
        await using ReadLoad load = ReadLoad.Start(proxy, proxy.Ports[1], Readers);
        RedisServer lagging = _deployment.Servers[1];
        slow.Apply(new RelayConditions { BytesPerSecond = 20_000 });
        await lagging.CallAsync("REPLICAOF", "127.0.0.1", $"{slow.Port}");
        await Eventually.Within(
            Patience, async () => (await lagging.InfoAsync("replication"))["master_link_status"] == "up", "it goes on by the slow way");
        await Master.CallAsync("SET", "large", new string('x', 1_000_000));
        await Eventually.Within(
            Patience,
            async () => (await ServersAsync()) is [var only] && only == _deployment.Servers[2].Endpoint,
            "the lagging one is left");
        double lag = (await proxy.ScrapeAsync()).Value("redisproxy_replica_lag_bytes", ("replica", lagging.Endpoint));
        output.WriteLine($"left at {lag} bytes; longest pause {load.LongestPause.TotalMilliseconds:0} ms");
        await load.WaitForRepliesAsync(500, Patience);
        await AssertIdleAreAsTheyWereAsync();
        Assert.Empty(load.Problems);

        slow.Heal();
        await Eventually.Within(Patience, async () => (await ServersAsync()).Count == 2, "both serve again");
        Assert.Empty(load.Problems);
    }

    private Task<ProxyProcess> StartAsync(params (string Key, JsonNode? Value)[] settings) => StartAsync(options => options, settings);

    private async Task<ProxyProcess> StartAsync(
        Func<ProxyProcessOptions, ProxyProcessOptions> configure, params (string Key, JsonNode? Value)[] settings)
    {
        ProxyProcessOptions options = ProxyProcessOptions.For(_deployment);
        Dictionary<string, JsonNode?> keys = settings.Append(("role", "replica")).ToDictionary(pair => pair.Item1, pair => pair.Item2);
        var reads = new ProxyListener { Name = "reads", Master = _deployment.MasterName, Settings = keys };
        _proxy = await ProxyProcess.StartAsync(configure(options with { Listeners = [.. options.Listeners, reads] }));
        await Eventually.Within(
            Patience,
            async () => (await ServersAsync()) is { Count: 2 } servers && !servers.Contains(Master.Endpoint),
            "both replicas serve");
        return _proxy;
    }

    private async Task OpenIdleAsync(ProxyProcess proxy)
    {
        for (int i = 0; i < Idle; i++)
        {
            RawClient client = await RawClient.ConnectAsync(proxy.Address, proxy.Ports[1]);
            client.Timeout = Patience;
            _idle.Add(client);
            Assert.Equal("OK", (await client.CallAsync("SELECT", $"{i}")).Text);
            Assert.Equal("OK", (await client.CallAsync("CLIENT", "SETNAME", $"idle-{i}")).Text);
        }
    }

    private async Task AssertIdleAreAsTheyWereAsync()
    {
        for (int i = 0; i < _idle.Count; i++)
        {
            string info = (await _idle[i].CallAsync("CLIENT", "INFO")).Text!;
            Assert.Contains($"name=idle-{i} ", info, StringComparison.Ordinal);
            Assert.Contains($" db={i} ", info, StringComparison.Ordinal);
        }
    }

    private async Task<string> RoleThroughAsync(int port)
    {
        using RawClient client = await RawClient.ConnectAsync(_proxy!.Address, port);
        return (await client.CallAsync("ROLE")).Items[0].Text!;
    }

    // Where they share links, those that are idle may have none.
    private static bool AreAll(int sessions) => sessions <= Idle + Readers && sessions >= Readers + (ProxyLinks.AreShared ? 0 : Idle);

    private async Task<int[]> SessionsAsync() =>
        [.. (await SamplesAsync()).Select(sample => (int)sample.Value)];

    private async Task<List<string>> ServersAsync() => [.. (await SamplesAsync()).Select(sample => sample.Labels["server"])];

    private async Task<IEnumerable<MetricsSnapshot.Sample>> SamplesAsync() =>
        (await _proxy!.ScrapeAsync()).Samples.Where(sample => sample.Name == "redisproxy_server_sessions");
}
