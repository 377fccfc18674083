using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>The metrics of a running proxy, and what is delivered with it to look at them.</summary>
public sealed class MetricsTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private RedisServer _redis = null!;
    private ProxyProcess _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();

        _proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(_redis).With("notify", Receivers()));
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task PendingRequestsAndPinnedSessions_AreCountedWhenAskedFor()
    {
        using RawClient blocked = await _proxy.ConnectAsync();
        using RawClient subscriber = await _proxy.ConnectAsync();
        await subscriber.CallAsync("SUBSCRIBE", "news");
        await blocked.SendAsync(RawClient.Command("BLPOP", "nothing", "0"));
        MetricsSnapshot metrics = null!;
        await Eventually.Within(
            Patience,
            async () => (metrics = await _proxy.ScrapeAsync()).Value("redisproxy_in_flight_requests") == 1,
            "BLPOP is in flight");
        Assert.Equal(1, metrics.Value("redisproxy_pinned_sessions", ("reason", "pub_sub")));
        Assert.Equal(0, metrics.Value("redisproxy_held_requests"));
        Assert.True(metrics.Value("redisproxy_backend_connect_seconds_count") >= 2);
        Assert.Equal(0, metrics.Value("redisproxy_hold_seconds_count"));
    }

    [Fact]
    public async Task HeldRequests_AreCountedWhileTheyWaitAndTimedAfterwards()
    {
        using RawClient client = await _proxy.ConnectAsync();
        await client.CallAsync("PING");
        _redis.Process.Kill();
        await Eventually.Within(
            Patience, async () => (await _proxy.ScrapeAsync()).Value("redisproxy_master_up") == 0, "the proxy sees the loss");
        await client.SendAsync(RawClient.Command("SET", "k", "v"));
        await Eventually.Within(
            Patience, async () => (await _proxy.ScrapeAsync()).Value("redisproxy_held_requests") == 1, "SET is held");
        await Eventually.Within(
            Patience, async () => (await _proxy.ScrapeAsync()).Value("redisproxy_hold_seconds_count") == 1, "hold.timeout has passed");
        MetricsSnapshot metrics = await _proxy.ScrapeAsync();
        Assert.InRange(metrics.Value("redisproxy_hold_seconds_sum"), 3.9, 10);
        Assert.Equal(0, metrics.Value("redisproxy_hold_seconds_bucket", ("le", "3")));
        Assert.Equal(1, metrics.Value("redisproxy_hold_seconds_bucket", ("le", "+Inf")));
        Assert.Equal(0, metrics.Value("redisproxy_held_requests"));

        await _redis.RestartAsync(keepData: false);
        await Eventually.Within(
            Patience,
            async () => (metrics = await _proxy.ScrapeAsync()).Value("redisproxy_failover_seconds_count", ("kind", "restart")) == 1,
            "the restart is over");
        Assert.InRange(metrics.Value("redisproxy_failover_seconds_sum", ("kind", "restart")), 3, 60);
    }

    [Fact]
    public async Task Process_SaysWhatRulesNeed()
    {
        MetricsSnapshot metrics = await _proxy.ScrapeAsync();
        int open = Directory.EnumerateFileSystemEntries($"/proc/{_proxy.Process.Id}/fd").Count();
        Assert.InRange(metrics.Value("process_open_fds"), open - 10, open + 10);
        Assert.True(metrics.Value("process_max_fds") > metrics.Value("process_open_fds"));
        Assert.InRange(metrics.Value("process_resident_memory_bytes"), 10_000_000, 1_000_000_000);
        Assert.InRange(metrics.Value("process_cpu_seconds_total"), 0.01, 60);
        double age = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0 - metrics.Value("process_start_time_seconds");
        Assert.InRange(age, -1, 120);
    }

    // What Prometheus 2.42 sends is the first one.
    [Theory]
    [InlineData("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true)]
    [InlineData("application/openmetrics-text; version=1.0.0", true)]
    [InlineData("application/openmetrics-text;q=0.3, text/plain;version=0.0.4;q=0.5", false)]
    [InlineData("text/plain", false)]
    [InlineData("*/*", false)]
    [InlineData("", false)]
    public async Task Format_IsTheOneThatTheScraperPrefers(string accept, bool isOpenMetrics)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("metrics", UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Accept", accept);
        using HttpResponseMessage response = await _proxy.Http.SendAsync(request);
        Assert.Equal(isOpenMetrics ? "application/openmetrics-text" : "text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(["Accept"], response.Headers.Vary);
        string page = await response.Content.ReadAsStringAsync();
        Assert.Equal(isOpenMetrics, page.EndsWith("\n# EOF\n", StringComparison.Ordinal));
        Assert.Contains(
            isOpenMetrics ? "# TYPE redisproxy_requests counter\n" : "# TYPE redisproxy_requests_total counter\n",
            page,
            StringComparison.Ordinal);
        MetricsSnapshot plain = await _proxy.ScrapeAsync();
        Assert.Equal(Series(plain), Series(MetricsSnapshot.Parse(page)));
    }

    [Fact]
    public async Task Queries_OfAlertsAndDashboard_NameOnlyWhatTheProxyHas()
    {
        MetricsSnapshot scraped = MetricsSnapshot.Parse(await PageWithEverySeriesAsync());
        string[] queries = [.. OperatorsQueries.OfAlerts().Values, .. OperatorsQueries.OfDashboard()];
        string[] rows = ["Overview", "Sessions", "Traffic", "Failovers", "Sentinels", "Replicas", "Process"];
        Assert.Equal(rows, OperatorsQueries.RowsOfDashboard());
        Assert.True(queries.Length > 40, $"{queries.Length} queries were found");
        Assert.Empty(queries.SelectMany(query => OperatorsQueries.Unresolved(query, scraped)));
        Assert.Single(OperatorsQueries.Unresolved("sum(redisproxy_session)", scraped));
        Assert.Single(OperatorsQueries.Unresolved("redisproxy_sessions{phase=\"happy\"}", scraped));
        Assert.Single(OperatorsQueries.Unresolved("sum by (colour) (redisproxy_sessions)", scraped));
    }

    [Fact]
    public async Task Reference_IsWhatTheProgramSays()
    {
        string made = MetricsReference.Of(await PageWithEverySeriesAsync());
        if (Environment.GetEnvironmentVariable("REDISPROXY_WRITE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(MetricsReference.Path, made);
        }

        Assert.Equal(made, await File.ReadAllTextAsync(MetricsReference.Path));
    }

    // One that is not reached, so that there are series of it.
    private static JsonNode Receivers() => JsonNode.Parse("""[ { "name": "ops", "webhook": { "url": "http://127.0.0.1:1" } } ]""")!;

    // Of a proxy with Sentinels, a replica listener with TLS whose sessions share connections, and an audit behind it.
    private static async Task<string> PageWithEverySeriesAsync()
    {
        using var tls = new TlsFixture();
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions { Replicas = 1 });
        ProxyProcessOptions options = ProxyProcessOptions.For(deployment).With("notify", Receivers());
        var reads = new ProxyListener
        {
            Name = "reads",
            Master = deployment.MasterName,
            Settings = new Dictionary<string, JsonNode?>
            {
                ["role"] = "replica",
                ["handoffs"] = true,
                ["multiplex"] = new JsonObject { ["links"] = 1 },
                ["tls"] = new JsonObject { ["certificateFile"] = tls.Proxy.CertificateFile, ["keyFile"] = tls.Proxy.KeyFile },
            },
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(options with { Listeners = [.. options.Listeners, reads] });
        await Eventually.Within(
            Patience,
            async () =>
            {
                await deployment.Servers[0].CallAsync("SET", "something", "is written");
                MetricsSnapshot metrics = await proxy.ScrapeAsync();
                return metrics.Has("redisproxy_server_sessions") && metrics.Has("redisproxy_replication_backlog_seconds");
            },
            "the replica serves, and the backlog is measured");
        await proxy.Http.GetStringAsync(new Uri("audit", UriKind.Relative));
        return await proxy.Http.GetStringAsync(new Uri("metrics", UriKind.Relative));
    }

    private static string[] Series(MetricsSnapshot snapshot) => [.. snapshot.Samples.Select(SeriesOf).Order(StringComparer.Ordinal)];

    private static string SeriesOf(MetricsSnapshot.Sample sample) =>
        sample.Name + string.Concat(sample.Labels.Select(static label => $" {label.Key}={ValueOf(label.Key, label.Value)}"));

    // A bound is written 1 in one format and 1.0 in the other.
    private static string ValueOf(string label, string value) =>
        label == "le" && value.EndsWith(".0", StringComparison.Ordinal) ? value[..^2] : value;
}
