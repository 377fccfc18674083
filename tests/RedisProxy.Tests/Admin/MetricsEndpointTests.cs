using RedisProxy.Admin;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Admin;

public class MetricsEndpointTests
{
    // What Prometheus 2.42 sends is the first one.
    [Theory]
    [InlineData("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
        + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", true)]
    [InlineData("application/openmetrics-text", true)]
    [InlineData("Application/OpenMetrics-Text; Version=\"1.0.0\"; charset=utf-8", true)]
    [InlineData("text/plain;q=0.4, application/openmetrics-text;q=0.4", true)]
    [InlineData("", false)]
    [InlineData("*/*", false)]
    [InlineData("text/plain", false)]
    [InlineData("text/html", false)]
    [InlineData("application/openmetrics-text;version=0.0.1", false)]
    [InlineData("application/openmetrics-text;version=2.0.0", false)]
    [InlineData("application/openmetrics-text;q=0", false)]
    [InlineData("application/openmetrics-text;q=0.3, text/plain;version=0.0.4;q=0.5", false)]
    [InlineData("this is; not, a ; list;;", false)]
    public void FormatFor_OpenMetricsOnlyWhereItIsPreferred(string accept, bool isOpenMetrics) =>
        Assert.Equal(isOpenMetrics ? MetricsFormat.OpenMetrics : MetricsFormat.Prometheus, MetricsEndpoint.FormatFor([accept]));

    [Fact]
    public void Families_InBothFormats_AreWrittenByTheRulesOfEach()
    {
        var counter = new MetricFamily("x_bytes", "Says \"so\".\nAnd \\.", MetricKind.Counter);
        counter.Add("_total", "a=\"1\"", 5);
        Assert.Equal(
            "# HELP x_bytes_total Says \"so\".\\nAnd \\\\.\n# TYPE x_bytes_total counter\nx_bytes_total{a=\"1\"} 5\n",
            Text(counter, MetricsFormat.Prometheus));
        Assert.Equal(
            "# HELP x_bytes Says \\\"so\\\".\\nAnd \\\\.\n# TYPE x_bytes counter\n# UNIT x_bytes bytes\nx_bytes_total{a=\"1\"} 5\n",
            Text(counter, MetricsFormat.OpenMetrics));

        var info = new MetricFamily("x_info", "Facts.", MetricKind.Info);
        info.Add("", "", 1);
        Assert.Equal("# HELP x_info Facts.\n# TYPE x_info gauge\nx_info 1\n", Text(info, MetricsFormat.Prometheus));
        Assert.Equal("# HELP x Facts.\n# TYPE x info\nx_info 1\n", Text(info, MetricsFormat.OpenMetrics));
    }

    [Fact]
    public void Histograms_OfSeveralLabels_StandTogetherWithTheirCount()
    {
        var family = new MetricFamily("h", "H.", MetricKind.Histogram);
        var durations = new DurationHistogram([500]);
        Array.ForEach([500, 3000, 4000], ms => durations.Add(ms));
        family.Add("k=\"a\"", new HistogramSeries([], [durations]));
        family.Add("", new HistogramSeries([], [durations, durations]));
        string[] expected =
        [
            "# HELP h H.", "# TYPE h histogram",
            "h_bucket{k=\"a\",le=\"0.5\"} 1", "h_bucket{k=\"a\",le=\"+Inf\"} 3", "h_sum{k=\"a\"} 7.5", "h_count{k=\"a\"} 3",
            "h_bucket{le=\"0.5\"} 2", "h_bucket{le=\"+Inf\"} 6", "h_sum 15", "h_count 6",
        ];
        Assert.Equal(string.Join('\n', expected) + "\n", Text(family, MetricsFormat.Prometheus));
    }

    private static string Text(MetricFamily family, MetricsFormat format)
    {
        var text = new System.Text.StringBuilder();
        family.WriteTo(text, format);
        return text.ToString();
    }
}
