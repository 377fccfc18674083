using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>
/// A deployment behind relays and a proxy in front of it: each case breaks something, and the lab checks what holds in all of them. The
/// proxy goes on; nothing is executed twice, out of order, or against what was said; nobody saw a fault of the proxy's own.
/// </summary>
internal sealed class FaultLab : IAsyncDisposable
{
    public const int Writers = 4;
    private const int StallsEvent = 2042;

    /// <summary>Not the time that is allowed, but the time after which a test machine is taken for broken.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private FaultLab(RelayedDeployment relayed, ProxyProcess proxy)
    {
        Relayed = relayed;
        Proxy = proxy;
    }

    public RelayedDeployment Relayed { get; }

    public SentinelDeployment Deployment => Relayed.Deployment;

    public ProxyProcess Proxy { get; }

    /// <summary>Before anything happened.</summary>
    public RedisServer FirstMaster => Deployment.Servers[0];

    /// <summary>Whether the proxy has said that its answers came late, as on a machine that is far too busy.</summary>
    public bool HasStalled => Proxy.Process.LogTail.Contains($"[{StallsEvent}]", StringComparison.Ordinal);

    public static async Task<FaultLab> StartAsync(
        SentinelDeploymentOptions? options = null, Func<ProxyProcessOptions, ProxyProcessOptions>? configure = null)
    {
        RelayedDeployment relayed = await RelayedDeployment.StartAsync(options);
        try
        {
            ProxyProcessOptions proxy = relayed.ProxyOptions;
            return new FaultLab(relayed, await ProxyProcess.StartAsync(configure?.Invoke(proxy) ?? proxy));
        }
        catch
        {
            await relayed.DisposeAsync();
            throw;
        }
    }

    /// <summary>Heals all wires and waits until the deployment is healthy and served. Returns the master.</summary>
    public async Task<RedisServer> BeReadyAsync()
    {
        Relayed.Heal();
        await Deployment.WaitUntilHealthyAsync(Patience);
        RedisServer master = (await Deployment.AgreedMasterAsync())!;
        await WaitForAddressAsync(master);
        await WaitForServiceAsync();
        return master;
    }

    public async Task<RawClient> ConnectAsync()
    {
        RawClient client = await Proxy.ConnectAsync();
        client.Timeout = Patience;
        return client;
    }

    /// <summary>Writers that have begun to write.</summary>
    public async Task<CountingWriter> StartWritersAsync()
    {
        var options = new CountingWriterOptions { Writers = Writers, ReplyWithin = Patience, KeyPrefix = $"{Guid.NewGuid():N}:" };
        CountingWriter writers = CountingWriter.Start(Proxy.Port, options);
        await writers.WaitForAcknowledgedAsync(200, Patience);
        return writers;
    }

    /// <summary>Waits until they write again, ends them, and checks that everything they were told is true.</summary>
    /// <param name="writers">From <see cref="StartWritersAsync"/>.</param>
    /// <param name="master">The one of now.</param>
    /// <param name="stoppedAt">When a master was stopped in the middle of its work, by the writers' clock.</param>
    public async Task<LossReport> FinishAsync(CountingWriter writers, RedisServer master, TimeSpan? stoppedAt = null)
    {
        LossReport report = await FinishUncheckedAsync(writers, master);
        Assert.True(stoppedAt is { } at ? report.IsHonestButForTheMoment(at, Writers) : report.IsHonest, report.ToString());
        return report;
    }

    /// <summary>Likewise, for cases in which redis itself loses what it had acknowledged.</summary>
    public async Task<LossReport> FinishUncheckedAsync(CountingWriter writers, RedisServer master)
    {
        await writers.WaitForAcknowledgedAsync(200, Patience);
        LossReport report = await writers.CompareAsync(master);
        Assert.True(report.Phantom.Count + report.Duplicate.Count + report.OutOfOrder.Count == 0, report.ToString());
        Assert.True(report.Broken + report.ConnectionsBroken + report.OtherErrors == 0, report.ToString());
        await AssertSaneAsync();
        return report;
    }

    /// <summary>A new client's write is executed.</summary>
    public Task WaitForServiceAsync() => Eventually.Within(
        Patience,
        async () =>
        {
            using RawClient client = await ConnectAsync();
            return (await client.CallAsync("SET", "service", "x")).ToString();
        },
        reply => reply == "+OK",
        "a write is executed");

    /// <summary>The proxy has taken that server for its master.</summary>
    public Task WaitForAddressAsync(RedisServer master) => Eventually.Within(
        Patience,
        async () => (await Proxy.ScrapeAsync()).Has(
            "redisproxy_master_info", ("address", Relayed.Of(master).Endpoint), ("availability", "available")),
        $"the proxy serves {master}");

    public Task WaitForMetricAsync(string name, double value, params (string Label, string Value)[] labels) => Eventually.Within(
        Patience,
        async () => (await Proxy.ScrapeAsync()).Sum(name, labels),
        seen => seen == value,
        $"{name} {string.Join(',', labels)} is {value}");

    public async Task<double> MetricAsync(string name, params (string Label, string Value)[] labels) =>
        (await Proxy.ScrapeAsync()).Sum(name, labels);

    /// <summary>Failovers seen so far, by kind: <c>unplanned 1</c>. Empty when there was none; a hold that came to nothing is not one.
    /// </summary>
    public async Task<string> FailoversAsync() => string.Join(", ", (await Proxy.ScrapeAsync()).Samples
        .Where(sample => sample.Name == "redisproxy_failovers_total" && sample.Value > 0 && sample.Labels["kind"] != "false_alarm")
        .Select(sample => $"{sample.Labels["kind"]} {sample.Value}"));

    /// <summary>The master's edge is cut and nobody listens there: the proxy sees its master gone, while all Sentinels see it.</summary>
    public async Task BeginOutageAsync(RedisServer master)
    {
        Relayed.Of(master).Refuse();
        Relayed.Of(master).Reset();
        await WaitForMetricAsync("redisproxy_master_up", 0);
    }

    public async Task EndOutageAsync(RedisServer master)
    {
        Relayed.Of(master).Resume();
        await WaitForMetricAsync("redisproxy_master_up", 1);
    }

    /// <summary>It runs, its loops turn, and no session ended by a fault of its own.</summary>
    public async Task AssertSaneAsync()
    {
        Assert.False(Proxy.Process.HasExited, Proxy.Process.LogTail);
        Assert.Equal("ok", (await Proxy.Http.GetStringAsync("/healthz/live")).Trim());
        MetricsSnapshot metrics = await Proxy.ScrapeAsync();
        Assert.Equal(0, metrics.Sum("redisproxy_sessions_ended_total", ("reason", "internal_error")));
        Assert.Equal(0, metrics.Sum("redisproxy_sessions_ended_total", ("reason", "backend_protocol_error")));
    }

    public async ValueTask DisposeAsync()
    {
        // Stopping it is a check, too: it must end in order.
        await Proxy.DisposeAsync();
        await Relayed.DisposeAsync();
    }
}
