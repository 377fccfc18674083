using System.Text;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>docs/metrics.md, made from what a proxy says of its metrics.</summary>
internal static class MetricsReference
{
    // Their values are names, numbers and addresses, not one of a few words.
    private static readonly string[] OpenLabels =
        ["listener", "master", "address", "epoch", "generation", "version", "loop", "le", "replica", "server",
            "receiver"];

    public static string Path => System.IO.Path.Combine(ProxyProgram.RepositoryRoot(), "docs/metrics.md");

    /// <param name="page">In Prometheus's format.</param>
    public static string Of(string page)
    {
        MetricsSnapshot scraped = MetricsSnapshot.Parse(page);
        string[] lines = page.Split('\n');
        Dictionary<string, string> types = lines.Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
            .Select(line => line.Split(' ')).ToDictionary(words => words[2], words => words[3]);
        var text = new StringBuilder("""
            # Metrics

            What `/metrics` says, in Prometheus's text format, or in that of OpenMetrics 1.0 when the caller prefers it. Durations are in
            seconds, sizes in bytes. Counters begin with the process; all series but those of the audit are there from the beginning, with
            0, those of notifications for each receiver. `le` of a histogram is the upper bound of a bucket. Alert rules that use them:
            [alerts.yml](../deploy/prometheus/alerts.yml); a dashboard for Grafana: [redisproxy.json](../deploy/grafana/redisproxy.json).

            With `otlp.endpoint` they are pushed to a collector, too, under the same names and labels; there the kind says what
            Prometheus's names say with `_total`, units are `s` and `By`, and a histogram is one of OpenTelemetry's, with the same
            buckets, from its first value on.

            This file is made from the program: `REDISPROXY_WRITE_DOCS=1 ./test.sh process --filter MetricsTests` writes it anew.

            | metric | kind | labels | |
            |---|---|---|---|

            """);
        foreach (string line in lines.Where(line => line.StartsWith("# HELP ", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            string[] words = line.Split(' ', 4);
            string name = words[2];
            text.Append($"| `{name}` | {types[name]} | {LabelsOf(name, scraped)} | {words[3]} |\n");
        }

        return text.ToString();
    }

    private static string LabelsOf(string name, MetricsSnapshot scraped)
    {
        MetricsSnapshot.Sample[] samples = [.. scraped.Samples.Where(sample => sample.Name == name || sample.Name == name + "_bucket")];
        return string.Join("; ", samples.SelectMany(sample => sample.Labels.Keys).Distinct().Select(label =>
            OpenLabels.Contains(label) || name == "redisproxy_master_info"
                ? $"`{label}`"
                : $"`{label}`: {string.Join(", ", samples.Select(sample => sample.Labels[label]).Distinct())}"));
    }
}
