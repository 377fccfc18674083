using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace RedisProxy.Tests.Deploy;

/// <summary>Alert rules, dashboard and monitors fit each other, whatever the targets are called.</summary>
public sealed partial class MonitoringTests
{
    private const string Runbook = "docs/alerts.md";

    private static readonly JsonNode[] Alerts =
        [.. DeployFiles.Document("deploy/prometheus/alerts.yml")["groups"]![0]!["rules"]!.AsArray().OfType<JsonNode>()];

    private static readonly JsonObject Dashboard = (JsonObject)JsonNode.Parse(DeployFiles.Read("deploy/grafana/redisproxy.json"))!;

    [Fact]
    public void EachAlert_LeadsToItsSectionOfTheRunbook()
    {
        string[] names = [.. Alerts.Select(alert => (string)alert["alert"]!)];
        Assert.Equal(names, Heading().Matches(DeployFiles.Read(Runbook)).Select(heading => heading.Groups["name"].Value));
        Assert.All(Alerts, alert => Assert.Equal(
            $"{Runbook}#{((string)alert["alert"]!).ToLowerInvariant()}", (string?)alert["annotations"]!["runbook_url"]));
    }

    [Fact]
    public void Dashboard_AsksForTheChosenJobInEveryQuery()
    {
        string[] queries = [.. Dashboard["panels"]!.AsArray()
            .SelectMany(panel => panel!["targets"]?.AsArray() ?? [])
            .Concat(Dashboard["annotations"]!["list"]!.AsArray())
            .Select(target => (string?)target!["expr"]).OfType<string>()];
        Assert.InRange(queries.Length, 40, 100);
        Assert.All(queries, query => Assert.All(
            Selector().Matches(query), selector => Assert.Contains("job=~\"$job\"", selector.Value, StringComparison.Ordinal)));
        Assert.All(queries, query => Assert.Matches(Selector(), query));

        JsonNode[] variables = [.. Dashboard["templating"]!["list"]!.AsArray().OfType<JsonNode>()];
        JsonNode job = Assert.Single(variables, variable => (string?)variable["name"] == "job");
        Assert.Equal("label_values(redisproxy_build_info, job)", (string?)job["query"]);

        // All of them, not everything that Prometheus scrapes.
        Assert.Null(job["allValue"]);
    }

    /// <summary>The Service of a ServiceMonitor becomes the job, unless the monitor names a label that does.</summary>
    [Fact]
    public void Monitors_MakeTheJobThatTheRulesAskFor()
    {
        string job = JobOfRules().Match((string)Alerts[0]["expr"]!).Groups["job"].Value;
        Assert.Equal("redisproxy", job);
        JsonNode monitor = DeployFiles.Manifest(DeployFiles.Central, "ServiceMonitor")["spec"]!;
        JsonObject admin = DeployFiles.Manifests(DeployFiles.Central)
            .Single(manifest => (string?)manifest["kind"] == "Service" && (string?)manifest["metadata"]!["name"] == "redisproxy-admin");
        Assert.Equal(job, (string?)admin["metadata"]!["labels"]![(string)monitor["jobLabel"]!]);
        Assert.Contains(
            $"\n  jobLabel: {monitor["jobLabel"]}\n",
            DeployFiles.Read($"{DeployFiles.Chart}/templates/servicemonitor.yaml"),
            StringComparison.Ordinal);
    }

    [GeneratedRegex(@"^## (?<name>\w+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Selector();

    [GeneratedRegex("up\\{job=\"(?<job>[^\"]*)\"\\}")]
    private static partial Regex JobOfRules();
}
