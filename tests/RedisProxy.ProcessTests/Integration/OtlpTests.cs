using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>The metrics as a collector gets them, and what the proxy does without one.</summary>
public sealed class OtlpTests : IAsyncLifetime
{
    private const int Requests = 25;
    private const string Canary = "s3cret-canary";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync() => await _redis.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Push_AfterTraffic_HasTheSeriesOfTheMetricsPage(bool isGrpc)
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync(isGrpc);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(PushingTo(collector)
            .With("otlp.protocol", isGrpc ? "grpc" : "http/protobuf")
            .With("otlp.headers", $"Authorization=Bearer%20{Canary},x-tenant=a%2Cb"));
        using RawClient client = await TrafficAsync(proxy);
        OtlpReceiver.Request request = await collector.WaitForAsync(
            Patience,
            message => message.Sum("redisproxy_requests") == Requests && message.Sum("redisproxy_otlp_pushes") > 0,
            "the requests are pushed");

        Assert.Equal(
            ("POST", isGrpc ? "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" : "/v1/metrics"),
            (request.Method, request.Path));
        Assert.Equal(isGrpc ? "application/grpc" : "application/x-protobuf", request.Headers["Content-Type"]);
        Assert.Equal(($"Bearer {Canary}", "a,b"), (request.Headers["Authorization"], request.Headers["x-tenant"]));
        Assert.Equal("redisproxy", request.Message.Resource["service.name"]);
        Assert.Equal(RedisProxy.Admin.BuildInfo.Version, request.Message.Resource["service.version"]);
        Assert.True(Guid.TryParse(request.Message.Resource["service.instance.id"], out _), "the instance is a random one");
        MetricsSnapshot page = await proxy.ScrapeAsync();
        Assert.Equal(SeriesOf(page), SeriesOf(request.Message));
        AssertSameHistogram(page, request.Message.Metric("redisproxy_backend_connect_seconds"));
        Assert.All(request.Message.Metrics, metric => Assert.True(metric.IsCumulative || metric.Kind == "gauge", metric.Name));
        Assert.True(request.Message.Metric("redisproxy_requests").IsMonotonic);
        Assert.Equal(
            ("By", "s", "s", ""),
            (UnitOf("redisproxy_bytes"), UnitOf("process_cpu_seconds"), UnitOf("redisproxy_backend_connect_seconds"),
                UnitOf("redisproxy_requests")));
        Assert.Equal(0, page.Value("redisproxy_otlp_pushes_total", ("result", "failed")));
        Assert.DoesNotContain(Canary, proxy.Process.LogTail, StringComparison.Ordinal);
        Assert.Contains($"Pushing metrics to {collector.Endpoint}", proxy.Process.LogTail, StringComparison.Ordinal);

        string UnitOf(string name) => request.Message.Metric(name).Unit;
    }

    [Theory]
    [InlineData("away", false, "Connection refused")]
    [InlineData("failing", false, "it answers HTTP 500")]
    [InlineData("silent", false, "no answer within 1 s")]
    [InlineData("away", true, "Connection refused")]
    [InlineData("failing", true, "it answers gRPC status 14")]
    [InlineData("silent", true, "no answer within 1 s")]
    public async Task Collector_InTrouble_IsToldOnceAndDisturbsNobody(string trouble, bool isGrpc, string reason)
    {
        await using OtlpReceiver collector = OtlpReceiver.Create(isGrpc);
        collector.IsFailing = trouble == "failing";
        collector.IsSilent = trouble == "silent";
        if (trouble != "away")
        {
            await collector.ListenAsync();
        }

        await using ProxyProcess proxy = await ProxyProcess.StartAsync(PushingTo(collector)
            .With("otlp.protocol", isGrpc ? "grpc" : "http/protobuf")
            .With("otlp.timeout", "1s") // of which a collector that is well needs little, also on a busy machine
            .With("otlp.headers", $"Authorization={Canary}"));
        using RawClient client = await TrafficAsync(proxy);
        await Eventually.Within(
            Patience,
            async () => (await proxy.ScrapeAsync()).Value("redisproxy_otlp_pushes_total", ("result", "failed")) >= 2,
            "two pushes have failed");
        Assert.Equal(1, Count(proxy.Process.LogTail, "Cannot push metrics"));
        Assert.Contains($"Cannot push metrics to {collector.Endpoint}/: {reason}", proxy.Process.LogTail, StringComparison.Ordinal);
        Assert.Equal("OK", (await client.CallAsync("SET", "k", "v")).Text);

        if (trouble == "away")
        {
            await collector.ListenAsync();
        }

        collector.IsFailing = collector.IsSilent = false;
        await collector.WaitForAsync(
            Patience, message => message.Sum("redisproxy_otlp_pushes", "result", "done") > 0, "a push has arrived");
        Assert.Equal(Requests + 1, collector.Requests.Last().Message.Sum("redisproxy_requests"));
        Assert.Equal((1, 1), (Count(proxy.Process.LogTail, "Cannot push metrics"), Count(proxy.Process.LogTail, "again, after")));
        Assert.DoesNotContain(Canary, proxy.Process.LogTail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_PushesALastTimeAfterTheSessionsHaveEnded()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(PushingTo(collector).With("otlp.interval", "1h"));
        using RawClient client = await TrafficAsync(proxy);
        await client.SendAsync(RawClient.Command("BLPOP", "nothing", "0"));
        await Eventually.Within(
            Patience, async () => (await proxy.ScrapeAsync()).Value("redisproxy_in_flight_requests") == 1, "BLPOP is in flight");
        Assert.Equal(0, await proxy.StopAsync());
        OtlpMessage last = Assert.Single(collector.Requests).Message;
        Assert.Equal(Requests, last.Sum("redisproxy_requests"));
        Assert.Equal((0, 0), (last.Sum("redisproxy_sessions"), last.Sum("redisproxy_in_flight_requests")));
    }

    [Fact]
    public async Task Stop_WithASilentCollector_IsNotHeldUp()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        collector.IsSilent = true;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(PushingTo(collector).With("otlp.timeout", "1m"));
        await Eventually.Within(Patience, () => collector.Requests.Count > 0, "a push is under way");
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(0, await proxy.StopAsync());
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.9, 8);
    }

    [Fact]
    public async Task Series_ThatIsNoMore_IsNotPushedAnyMore()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(PushingTo(collector));
        await collector.WaitForAsync(Patience, message => message.Sum("redisproxy_master_up") == 1, "the master is up");
        string before = Assert.Single(collector.Requests.Last().Message.Metric("redisproxy_master_info").Points).LabelText;
        _redis.Process.Kill();
        OtlpReceiver.Request after = await collector.WaitForAsync(
            Patience, message => message.Sum("redisproxy_master_up") == 0, "the loss of the master is pushed");
        Assert.NotEqual(before, Assert.Single(after.Message.Metric("redisproxy_master_info").Points).LabelText);
    }

    [Fact]
    public async Task Environment_NamesTheServiceButNotTheCollector()
    {
        await using OtlpReceiver collector = await OtlpReceiver.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(PushingTo(collector) with
        {
            Environment = new Dictionary<string, string?>
            {
                ["OTEL_RESOURCE_ATTRIBUTES"] = "k8s.pod.name=proxy-0,service.instance.id=proxy-0",
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1",
                ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-foreign=1",
                ["REDISPROXY_otlp__headers"] = "x-own=1",
            },
        });
        await Eventually.Within(Patience, () => collector.Requests.Count > 0, "it pushes to its own collector");
        OtlpReceiver.Request request = collector.Requests.First();
        Assert.Equal(
            ("redisproxy", "proxy-0", "proxy-0"),
            (request.Message.Resource["service.name"], request.Message.Resource["service.instance.id"],
                request.Message.Resource["k8s.pod.name"]));
        Assert.Equal((true, false), (request.Headers.ContainsKey("x-own"), request.Headers.ContainsKey("x-foreign")));
    }

    private ProxyProcessOptions PushingTo(OtlpReceiver collector) => ProxyProcessOptions.For(_redis)
        .With("otlp.endpoint", collector.Endpoint).With("otlp.interval", JsonValue.Create("1s"));

    private static async Task<RawClient> TrafficAsync(ProxyProcess proxy)
    {
        RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < Requests; i++)
        {
            await client.CallAsync("INCR", "counter");
        }

        return client;
    }

    private static int Count(string log, string text) => log.Split(text).Length - 1;

    /// <summary>All but histograms: one that has counted nothing is on the page and not in a push.</summary>
    private static string[] SeriesOf(MetricsSnapshot page) =>
    [
        .. page.Samples
            .Where(sample => !sample.Labels.ContainsKey("le") && !sample.Name.EndsWith("_count") && !sample.Name.EndsWith("_seconds_sum"))
            .Select(sample => $"{WithoutSuffix(sample.Name)} {LabelsOf(sample)}").Order(StringComparer.Ordinal),
    ];

    private static string[] SeriesOf(OtlpMessage message) =>
    [
        .. message.Metrics.Where(metric => metric.Kind != "histogram")
            .SelectMany(metric => metric.Points.Select(point => $"{metric.Name} {point.LabelText}")).Order(StringComparer.Ordinal),
    ];

    private static string WithoutSuffix(string name) => name.EndsWith("_total", StringComparison.Ordinal) ? name[..^"_total".Length] : name;

    private static string LabelsOf(MetricsSnapshot.Sample sample) =>
        string.Join(',', sample.Labels.Where(label => label.Key != "le").OrderBy(label => label.Key, StringComparer.Ordinal));

    private static void AssertSameHistogram(MetricsSnapshot page, OtlpMetric pushed)
    {
        Assert.Equal("histogram", pushed.Kind);
        OtlpPoint point = Assert.Single(pushed.Points);
        Assert.False(point.HasExtremes);
        Assert.Equal(page.Value($"{pushed.Name}_count"), point.Count);
        Assert.Equal(page.Value($"{pushed.Name}_sum"), point.Value, precision: 9);
        long cumulative = 0;
        for (int i = 0; i < point.Bounds.Count; i++)
        {
            cumulative += point.BucketCounts[i];
            string bound = point.Bounds[i].ToString(CultureInfo.InvariantCulture);
            Assert.Equal(page.Value($"{pushed.Name}_bucket", ("le", bound)), cumulative);
        }
    }
}
