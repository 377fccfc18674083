using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>The queries that are delivered with the proxy: the rules of its alerts, and its dashboard.</summary>
internal static partial class OperatorsQueries
{
    // What Prometheus says of a target, beside what the target says.
    private static readonly string[] TargetLabels = ["job", "instance"];

    public static string AlertFile => Path.Combine(ProxyProgram.RepositoryRoot(), "deploy/prometheus/alerts.yml");

    private static string DashboardFile => Path.Combine(ProxyProgram.RepositoryRoot(), "deploy/grafana/redisproxy.json");

    /// <summary>By the alert's name.</summary>
    public static Dictionary<string, string> OfAlerts() => Alert().Matches(File.ReadAllText(AlertFile))
        .ToDictionary(match => match.Groups["name"].Value, match => match.Groups["expr"].Value);

    /// <summary>The queries of all panels and annotations, with Grafana's variables replaced.</summary>
    public static string[] OfDashboard()
    {
        JsonNode dashboard = JsonNode.Parse(File.ReadAllText(DashboardFile))!;
        return
        [
            .. dashboard["panels"]!.AsArray().SelectMany(panel => panel!["targets"]?.AsArray() ?? [])
                .Concat(dashboard["annotations"]!["list"]!.AsArray())
                .Select(target => ((string?)target!["expr"])!
                    .Replace("$__rate_interval", "20s", StringComparison.Ordinal)
                    .Replace("$instance", ".*", StringComparison.Ordinal)
                    .Replace("$job", ".*", StringComparison.Ordinal)),
        ];
    }

    public static string[] RowsOfDashboard() =>
    [
        .. JsonNode.Parse(File.ReadAllText(DashboardFile))!["panels"]!.AsArray()
            .Where(panel => (string?)panel!["type"] == "row").Select(panel => ((string?)panel!["title"])!),
    ];

    /// <summary>What a query names and a scrape does not have: metrics, labels, values of labels.</summary>
    public static IEnumerable<string> Unresolved(string query, MetricsSnapshot scraped)
    {
        MatchCollection selectors = Selector().Matches(query);
        if (selectors.Count == 0)
        {
            yield return $"{query}: no metric at all";
        }

        var known = new HashSet<string>(TargetLabels);
        foreach (Match selector in selectors)
        {
            string name = selector.Groups["name"].Value;
            MetricsSnapshot.Sample[] samples = [.. scraped.Samples.Where(sample => sample.Name == name)];
            known.UnionWith(samples.SelectMany(sample => sample.Labels.Keys));
            if (samples.Length == 0 && name != "up")
            {
                yield return $"{query}: no metric {name}";
            }

            foreach (Match matcher in Matcher().Matches(selector.Groups["labels"].Value))
            {
                string label = matcher.Groups["label"].Value;
                bool exists = TargetLabels.Contains(label) || samples.Any(
                    sample => sample.Labels.TryGetValue(label, out string? value) && value == matcher.Groups["value"].Value);
                if (!exists)
                {
                    yield return $"{query}: no {name} with {matcher.Value}";
                }
            }
        }

        foreach (string label in Grouping().Matches(query).SelectMany(grouping => grouping.Groups["labels"].Value.Split(',')))
        {
            if (!known.Contains(label.Trim()))
            {
                yield return $"{query}: no label {label.Trim()}";
            }
        }
    }

    [GeneratedRegex(@"- alert: (?<name>\w+)\n\s+expr: (?<expr>.+)\n")]
    private static partial Regex Alert();

    [GeneratedRegex(@"\b(?<name>redisproxy_\w+|process_\w+|up)\b(?!"")(\{(?<labels>[^}]*)\})?")]
    private static partial Regex Selector();

    [GeneratedRegex(@"(?<label>\w+)(=|=~)""(?<value>[^""]*)""")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\b(by|without|ignoring|on) \((?<labels>[^)]+)\)")]
    private static partial Regex Grouping();
}
