using RedisProxy.Testing;

namespace RedisProxy.Tests.Harness;

public sealed class MetricsSnapshotTests
{
    private const string Page = """
        # HELP redisproxy_sessions Sessions by phase.
        # TYPE redisproxy_sessions gauge
        redisproxy_sessions{listener="a",phase="open"} 3
        redisproxy_sessions{listener="a",phase="held"} 1 1700000000000
        redisproxy_sessions{listener="b",phase="open"} 4
        redisproxy_up 1
        redisproxy_seconds_bucket{le="+Inf"} 2.5e1
        redisproxy_odd{text="a \"b\", c\\n\n}"} +Inf
        """;

    private readonly MetricsSnapshot _metrics = MetricsSnapshot.Parse(Page);

    [Fact]
    public void Value_OfOneSample_IsItsValue()
    {
        Assert.Equal(1, _metrics.Value("redisproxy_up"));
        Assert.Equal(4, _metrics.Value("redisproxy_sessions", ("listener", "b")));
        Assert.Equal(25, _metrics.Value("redisproxy_seconds_bucket", ("le", "+Inf")));
        Assert.Equal(double.PositiveInfinity, _metrics.Value("redisproxy_odd", ("text", "a \"b\", c\\n\n}")));
    }

    [Fact]
    public void Value_OfSeveralSamples_NamesThem()
    {
        InvalidOperationException e =
            Assert.Throws<InvalidOperationException>(() => _metrics.Value("redisproxy_sessions", ("listener", "a")));

        Assert.StartsWith("2 samples match redisproxy_sessions.", e.Message, StringComparison.Ordinal);
        Assert.Contains("phase=\"held\"", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sum_OfSamplesWithALabel_AddsThem()
    {
        Assert.Equal(7, _metrics.Sum("redisproxy_sessions", ("phase", "open")));
        Assert.Equal(0, _metrics.Sum("redisproxy_sessions", ("phase", "closed")));
    }
}
