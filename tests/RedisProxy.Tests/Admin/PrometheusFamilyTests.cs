using System.Diagnostics.Metrics;

using Prometheus;

using RedisProxy.Admin;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Admin;

public sealed class PrometheusFamilyTests : IDisposable
{
    private readonly CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();
    private readonly Meter _meter = new("test");
    private readonly MetricFactory _factory;

    public PrometheusFamilyTests() => _factory = Prometheus.Metrics.WithCustomRegistry(_registry);

    public void Dispose() => _meter.Dispose();

    [Fact]
    public async Task Values_AreThoseOfTheLastUpdate()
    {
        var sessions = new PrometheusGauge(_factory, "sessions", "Current sessions.");
        var bytes = new PrometheusCounter(_factory, "bytes_total", "Bytes.");
        foreach (long value in (long[])[5, 3])
        {
            sessions.Set(value, [Tag("listener", "a\"b"), Tag("epoch", 7L)]);
            sessions.Complete();
            bytes.Set(1L << 52, []);
            bytes.Complete();
        }

        Assert.Equal(
            [
                "# HELP sessions Current sessions.", "# TYPE sessions gauge", "sessions{listener=\"a\\\"b\",epoch=\"7\"} 3",
                "# HELP bytes_total Bytes.", "# TYPE bytes_total counter", "bytes_total 4503599627370496",
            ],
            await PageAsync());
    }

    [Fact]
    public async Task Series_NoLongerReported_AreRemoved_AndTheOthersStay()
    {
        var requests = new PrometheusCounter(_factory, "requests_total", "R.");
        requests.Set(1, [Tag("listener", "a")]);
        requests.Set(2, [Tag("listener", "b")]);
        requests.Complete();
        requests.Set(3, [Tag("listener", "b")]);
        requests.Complete();
        Assert.Equal(["# HELP requests_total R.", "# TYPE requests_total counter", "requests_total{listener=\"b\"} 3"], await PageAsync());
    }

    [Fact]
    public async Task Counter_OfAListenerThatWasAddedAgain_StartsAgain()
    {
        var requests = new PrometheusCounter(_factory, "requests_total", "R.");
        foreach (int value in (int[])[100, 4])
        {
            requests.Set(value, [Tag("listener", "a")]);
            requests.Complete();
        }

        Assert.Contains("requests_total{listener=\"a\"} 4", await PageAsync());
    }

    [Fact]
    public async Task Histogram_IsWhatWasCounted_AlsoWithoutAValue_AndAfterAReset()
    {
        var first = new DurationHistogram([500, 2000]);
        var second = new DurationHistogram([500, 2000]);
        List<HistogramSeries> series = [new([Tag("k", "a")], [first, second]), new([Tag("k", "b")], [new DurationHistogram([500, 2000])])];
        var family = new PrometheusHistogram(_factory, new CountedHistogram(_meter, "h_seconds", "H.", [500, 2000], () => series));
        Array.ForEach([500, 501, 3000], ms => first.Add(ms));
        family.Complete();
        Array.ForEach([4000, 0], ms => second.Add(ms));
        family.Complete();
        string[] page = await PageAsync();
        Assert.Equal(
            [
                "h_seconds_sum{k=\"a\"} 8.001", "h_seconds_count{k=\"a\"} 5", "h_seconds_bucket{k=\"a\",le=\"0.5\"} 2",
                "h_seconds_bucket{k=\"a\",le=\"2\"} 3", "h_seconds_bucket{k=\"a\",le=\"+Inf\"} 5",
            ],
            page.Where(line => line.Contains("{k=\"a\"", StringComparison.Ordinal)));
        Assert.Contains("h_seconds_count{k=\"b\"} 0", page);

        var again = new DurationHistogram([500, 2000]);
        again.Add(100);
        series[0] = new HistogramSeries([Tag("k", "a")], [again]);
        family.Complete();
        page = await PageAsync();
        Assert.Contains("h_seconds_count{k=\"a\"} 1", page);
        Assert.Contains("h_seconds_sum{k=\"a\"} 0.1", page);

        // Gone for a scrape, and then with more than it ever had.
        series.RemoveAt(0);
        family.Complete();
        Assert.DoesNotContain(await PageAsync(), line => line.Contains("{k=\"a\"", StringComparison.Ordinal));
        Array.ForEach([100, 100], ms => again.Add(ms));
        series.Add(new HistogramSeries([Tag("k", "a")], [again]));
        family.Complete();
        Assert.Contains("h_seconds_count{k=\"a\"} 3", await PageAsync());
    }

    private static KeyValuePair<string, object?> Tag(string label, object value) => new(label, value);

    private async Task<string[]> PageAsync()
    {
        using var page = new MemoryStream();
        await _registry.CollectAndExportAsTextAsync(page);
        return System.Text.Encoding.UTF8.GetString(page.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
