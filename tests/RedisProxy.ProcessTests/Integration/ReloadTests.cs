using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>A running proxy that reads its configuration anew, and what its clients see of it.</summary>
public sealed class ReloadTests : IAsyncLifetime
{
    private const string Token = "t0ken-canary";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private RedisServer _server = null!;
    private ProxyProcess _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(_server).With("admin.token", Token) with
        {
            Listeners = [new ProxyListener { Name = "one" }, new ProxyListener { Name = "two" }],
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task HangUp_WithABadFile_KeepsTheOldConfigurationAndSaysAllThatIsWrong()
    {
        using RawClient client = await _proxy.ConnectAsync();
        await client.CallAsync("PING");
        await RewriteAsync(root =>
        {
            root["hold"] = new JsonObject { ["timeout"] = "soon" };
            root["hodl"] = 1;
            root["listeners"]!.AsArray().RemoveAt(0);
        });
        _proxy.Process.HangUp();
        await EventuallyLogAsync("The configuration was not reloaded, the old one stays");
        Assert.Contains("hold.timeout: \"soon\" is not a duration", _proxy.Process.LogTail, StringComparison.Ordinal);
        Assert.Contains("hodl: unknown key", _proxy.Process.LogTail, StringComparison.Ordinal);
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        using RawClient late = await _proxy.ConnectAsync();
        Assert.Equal("PONG", (await late.CallAsync("PING")).Text);
        MetricsSnapshot metrics = await _proxy.ScrapeAsync();
        double Reloads(string result) => metrics.Value("redisproxy_reloads_total", ("result", result));
        Assert.Equal((1, 0), (Reloads("refused"), Reloads("taken")));
        Assert.Equal(0, metrics.Value("redisproxy_config_last_reload_successful"));
    }

    [Fact]
    public async Task Listeners_AreAddedRemovedMovedAndChanged_AndOtherSessionsStay()
    {
        using RawClient one = await RawClient.ConnectAsync(_proxy.Ports[0]);
        using RawClient two = await RawClient.ConnectAsync(_proxy.Ports[1]);
        await one.CallAsync("PING");
        await two.CallAsync("PING");
        (int added, int moved) = (FreePorts.Take(), FreePorts.Take());
        await RewriteAsync(root =>
        {
            JsonArray listeners = root["listeners"]!.AsArray();
            listeners[0]!["bind"] = $"127.0.0.1:{moved}";
            listeners[0]!["maxSessions"] = 2;
            listeners[1] = new JsonObject { ["name"] = "three", ["bind"] = $"127.0.0.1:{added}" };
        });
        (HttpStatusCode status, string text) = await PostAsync("reload");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("listener 'one', maxSessions: 10000 → 2", text, StringComparison.Ordinal);
        Assert.Contains("listener 'two' on", text, StringComparison.Ordinal);
        Assert.Equal(new ConnectionEnd("", WasReset: false), await two.ReadToEndAsync());
        Assert.Equal("PONG", (await one.CallAsync("PING")).Text);
        using RawClient three = await RawClient.ConnectAsync(added);
        Assert.Equal("PONG", (await three.CallAsync("PING")).Text);
        using RawClient second = await RawClient.ConnectAsync(moved);
        Assert.Equal("PONG", (await second.CallAsync("PING")).Text);
        using RawClient tooMany = await RawClient.ConnectAsync(moved);
        Assert.Equal("-ERR max number of clients reached\r\n", (await tooMany.ReadToEndAsync()).Rest);
        await Assert.ThrowsAsync<SocketException>(() => RawClient.ConnectAsync(_proxy.Ports[0]));
        await Assert.ThrowsAsync<SocketException>(() => RawClient.ConnectAsync(_proxy.Ports[1]));
        Assert.Equal((HttpStatusCode.OK, "reloaded, nothing has changed"), await PostAsync("reload"));
    }

    [Fact]
    public async Task AddressInUse_IsSaidAndNothingChanges()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await RewriteAsync(root =>
        {
            root["hold"] = new JsonObject { ["timeout"] = "1s" };
            root["listeners"]![1]!["bind"] = taken.LocalEndpoint.ToString();
        });
        (HttpStatusCode status, string text) = await PostAsync("reload");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains($"listener 'two': cannot listen on {taken.LocalEndpoint}", text, StringComparison.Ordinal);
        using RawClient two = await RawClient.ConnectAsync(_proxy.Ports[1]);
        Assert.Equal("PONG", (await two.CallAsync("PING")).Text);
    }

    [Fact]
    public async Task Drained_TakesClientsAgainAfterAReload()
    {
        using RawClient before = await _proxy.ConnectAsync();
        await before.CallAsync("PING");
        await PostAsync("drain");
        Assert.Equal(new ConnectionEnd("", WasReset: false), await before.ReadToEndAsync());
        Assert.Equal(HttpStatusCode.OK, (await PostAsync("reload")).Status);
        using RawClient client = await _proxy.ConnectAsync();
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        Assert.Equal(HttpStatusCode.OK, (await _proxy.Http.GetAsync("/healthz/ready")).StatusCode);
    }

    [Fact]
    public async Task OtherServerHoldTimeoutAndToken_AreTakenOver_OthersNeedARestart()
    {
        await using RedisServer other = await RedisServer.StartAsync();
        await other.CallAsync("SET", "where", "other");
        using RawClient client = await _proxy.ConnectAsync();
        await client.CallAsync("SELECT", "0");
        await RewriteAsync(root =>
        {
            root["backend"]!["endpoint"] = other.Endpoint;
            root["hold"] = new JsonObject { ["timeout"] = "300ms" };
            root["admin"]!["token"] = "another-canary";
            root["loops"] = new JsonObject { ["count"] = 3 };
        });
        (HttpStatusCode status, string text) = await PostAsync("reload");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("admin.token: changed", text, StringComparison.Ordinal);
        Assert.Contains("loops.count: 0 → 3: the old value stays in effect until a restart", text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync("resume")).Status);
        await Eventually.Within(
            Patience, async () => (await client.CallAsync("GET", "where")).Text == "other", "the session has the other server");
        await other.TerminateAsync();
        await Eventually.Within(
            Patience,
            async () => (await client.CallAsync("GET", "where")).Text?.Contains("no master is available", StringComparison.Ordinal) == true,
            "requests are not held for longer than the new time");
        Assert.DoesNotContain("canary", _proxy.Process.LogTail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sentinels_AreExchanged_AndASessionGoesOnThroughAFailover()
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(deployment) with { SentinelEndpoints = [deployment.SentinelEndpoints[0]] });
        using RawClient client = await proxy.ConnectAsync();
        client.Timeout = Patience;
        Assert.Equal("OK", (await client.CallAsync("SET", "k", "v")).Text);
        await RewriteAsync(
            root => root["sentinel"] = new JsonObject
            {
                ["endpoints"] = new JsonArray([.. deployment.SentinelEndpoints.Skip(1).Select(endpoint => JsonValue.Create(endpoint))]),
                ["pollInterval"] = "500ms",
                ["password"] = "a password too many does no harm",
            },
            proxy);
        proxy.Process.HangUp();
        await Eventually.Within(
            Patience,
            () => proxy.Process.LogTail.Contains("Reloaded the configuration, 3 change(s)", StringComparison.Ordinal),
            "it has reloaded");
        int sentinels = deployment.SentinelEndpoints.Count;

        // The first one was configured before; that it was learnt now shows that the others have been asked since.
        await Eventually.Within(
            Patience,
            () => proxy.Process.LogTail.Contains($"Sentinel {deployment.SentinelEndpoints[0]}: discovered", StringComparison.Ordinal),
            "the removed Sentinel is learnt from the others");
        await Eventually.Within(
            Patience,
            async () => (await proxy.ScrapeAsync()).Value("redisproxy_sentinels", ("state", "connected")) == sentinels,
            "all Sentinels are connected, the removed one as one that was learnt");
        await deployment.FailoverAsync();
        Assert.Equal("v", (await client.CallAsync("GET", "k")).Text);
        Assert.Equal("OK", (await client.CallAsync("SET", "k", "w")).Text);
        await deployment.WaitForMasterAsync(deployment.Servers[0], Patience);
        await Eventually.Within(
            Patience,
            async () => (await proxy.ScrapeAsync()).Has("redisproxy_master_info", ("generation", "2"), ("availability", "available")),
            "the proxy follows the failover");
        Assert.Equal("w", (await client.CallAsync("GET", "k")).Text);
    }

    private async Task RewriteAsync(Action<JsonObject> change, ProxyProcess? of = null)
    {
        string path = (of ?? _proxy).ConfigurationPath;
        JsonObject root = JsonNode.Parse(await File.ReadAllTextAsync(path))!.AsObject();
        change(root);
        await File.WriteAllTextAsync(path, root.ToJsonString());
    }

    private async Task<(HttpStatusCode Status, string Text)> PostAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        using HttpResponseMessage response = await _proxy.Http.SendAsync(request);
        return (response.StatusCode, (await response.Content.ReadAsStringAsync()).TrimEnd('\n'));
    }

    private Task EventuallyLogAsync(string text) =>
        Eventually.Within(Patience, () => _proxy.Process.LogTail.Contains(text, StringComparison.Ordinal), $"the log says: {text}");
}
