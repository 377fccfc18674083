using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

using RedisProxy.Testing;
using RedisProxy.Tests.Deploy;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>The alert rules, by Prometheus's own means.</summary>
public sealed partial class AlertTests
{
    // 30 s become 2 s, so that a real failover is long enough for all of them.
    private const int TimesFaster = 15;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [Theory]
    [InlineData("check", "alerts.yml")]
    [InlineData("test", "alerts.test.yml")]
    public async Task Rules_PassPromtool(string verb, string file)
    {
        string path = Path.Combine(Path.GetDirectoryName(OperatorsQueries.AlertFile)!, file);
        await PassesPromtoolAsync(verb, "rules", path);
    }

    [Fact]
    public async Task ComposesConfiguration_PassesPromtool()
    {
        string file = DeployFiles.PathOf("deploy/compose/prometheus.yml");
        await PassesPromtoolAsync("check", "config", "--syntax-only", file);
    }

    [Fact]
    public async Task Prometheus_DuringAFailover_FiresTheAlertsItShouldAndNoOthers()
    {
        // 1. A deployment whose Sentinels take four seconds to see a loss, a proxy that holds for one, and Prometheus.
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(
            new SentinelDeploymentOptions { DownAfter = TimeSpan.FromSeconds(4) });
        await using ProxyProcess proxy = await StartProxyAsync(deployment);
        string rules = Faster(await File.ReadAllTextAsync(OperatorsQueries.AlertFile));
        await using PrometheusServer prometheus = await PrometheusServer.StartAsync($"127.0.0.1:{proxy.AdminPort}", "redisproxy", rules);
        await Eventually.Within(
            Patience,
            async () => (await prometheus.QueryAsync("sum_over_time(redisproxy_master_up[1m]) >= 4")).Count == 1,
            "Prometheus has seen a while of health");

        // 2. The master is lost while a client waits in it, and another client's request waits longer than it may.
        using RawClient blocked = await proxy.ConnectAsync();
        await blocked.CallAsync("PING");
        await blocked.SendAsync(RawClient.Command("BLPOP", "nothing", "0"));
        await Eventually.Within(
            Patience, async () => (await proxy.ScrapeAsync()).Sum("redisproxy_in_flight_requests") == 1, "BLPOP is in flight");
        RedisServer first = await deployment.WaitForMasterAsync(null, Patience);
        await first.KillAsync();
        using RawClient writer = await proxy.ConnectAsync();
        Assert.StartsWith("LOADING", (await writer.CallAsync("SET", "k", "v")).Text, StringComparison.Ordinal);

        // 3. Right alerts come, and those about what is over go.
        string[] expected = ["RedisProxyHeldTooLong", "RedisProxyNoMaster", "RedisProxyUnknownOutcomes"];
        await Eventually.Within(
            Patience, async () => (await FiredAsync(prometheus)).Length >= expected.Length, $"these fire: {string.Join(", ", expected)}");
        await deployment.WaitForMasterAsync(first, Patience);
        await Eventually.Within(
            Patience,
            async () => (await prometheus.QueryAsync("ALERTS{alertname=\"RedisProxyNoMaster\"}")).Count == 0
                && (await prometheus.QueryAsync("redisproxy_failovers_total{kind=\"unplanned\"} == 1")).Count == 1,
            "the new master is there");
        Assert.Equal(expected, await FiredAsync(prometheus));

        // 4. The dashboard has something to show, in every panel. Of a stream in which nothing is written there is no rate.
        await Eventually.Within(
            Patience,
            async () =>
            {
                await writer.CallAsync("SET", "k", new string('x', 10_000));
                return (await prometheus.QueryAsync("redisproxy_replication_backlog_seconds")).Count > 0;
            },
            "the stream of writes is measured");
        foreach (string query in OperatorsQueries.OfDashboard())
        {
            Assert.True((await prometheus.QueryAsync(query)).Count > 0, $"{query} is empty");
        }
    }

    private static async Task PassesPromtoolAsync(params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        await using ChildProcess promtool = await ChildProcess.StartAsync("promtool", "promtool", arguments, folder.File("log"));
        int exitCode = await promtool.WaitForExitAsync(Patience);
        Assert.True(exitCode == 0, promtool.LogTail);
    }

    private static Task<ProxyProcess> StartProxyAsync(SentinelDeployment deployment)
    {
        ProxyProcessOptions options = ProxyProcessOptions.For(deployment).With("hold.timeout", "1s");
        var reads = new ProxyListener
        {
            Name = "reads",
            Master = deployment.MasterName,
            Settings = new Dictionary<string, JsonNode?> { ["role"] = "replica" },
        };
        return ProxyProcess.StartAsync(options with { Listeners = [.. options.Listeners, reads] });
    }

    // Not those about replicas: the rules' times are shortened here, and the time that a replica needs to find a new master is not. Nor
    // that the proxy is gone: Prometheus takes five seconds to find its first target, and a minute has four here.
    private static async Task<string[]> FiredAsync(PrometheusServer prometheus)
    {
        JsonArray alerts = await prometheus.QueryAsync("count by (alertname) (max_over_time(ALERTS{alertstate=\"firing\"}[5m]))");
        return
        [
            .. alerts.Select(alert => (string)alert!["metric"]!["alertname"]!)
                .Where(name => !name.Contains("Replica", StringComparison.Ordinal) && name != "RedisProxyDown")
                .Order(StringComparer.Ordinal),
        ];
    }

    // All times of the rules, those they wait and those they look back.
    private static string Faster(string rules) => Time().Replace(rules, match =>
    {
        int seconds = int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture) * (match.Groups["unit"].Value == "m" ? 60 : 1);
        return $"{match.Groups["before"].Value}{seconds / TimesFaster}s{match.Groups["after"].Value}";
    });

    [GeneratedRegex(@"(?<before>for: |\[)(?<number>\d+)(?<unit>[sm])(?<after>\n|\])")]
    private static partial Regex Time();
}
