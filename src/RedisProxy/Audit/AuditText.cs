using System.Globalization;

namespace RedisProxy.Audit;

/// <summary>The audit as text: a line for each finding, the most important first.</summary>
internal static class AuditText
{
    public static string Of(IReadOnlyList<AuditResult> results) => string.Join("\n\n", results.Select(Of)) + "\n";

    private static string Of(AuditResult result)
    {
        DeploymentFacts facts = result.Facts;
        string sentinels = facts.Sentinels.Count == 0 ? "" : $", {Count(facts.Sentinels.Count, "Sentinel")}";
        string master = facts.Master is { } known ? $"master {known.Announced}" : "no master";
        int where = result.Findings.Select(finding => Where(finding).Length).Append(0).Max();
        int topic = result.Findings.Select(finding => finding.Topic.Length).Append(0).Max();
        IEnumerable<string> lines =
        [
            $"{facts.MasterName}: {master}, {Count(facts.Replicas.Count, "replica")}{sentinels}",
            .. result.Findings.Select(one =>
                $"  {Name(one.Severity),-8}  {Where(one).PadRight(where)}  {one.Topic.PadRight(topic)}  {one.Text}"),
            $"  verdict   {Verdict(result)}",
        ];
        return string.Join('\n', lines);
    }

    private static string Verdict(AuditResult result) => result.Worst switch
    {
        Severity.Critical => $"{Number(result, Severity.Critical)} CRITICAL: "
            + "the next failover loses data, refuses clients, or does not take place",
        Severity.Warning => $"{Count(Number(result, Severity.Warning), "warning")}: "
            + "something will change with the next failover or restart",
        _ => "good",
    };

    private static string Where(Finding finding) => finding.Where?.ToString() ?? "-";

    private static string Name(Severity severity) =>
        severity == Severity.Critical ? "CRITICAL" : severity.ToString().ToLowerInvariant();

    private static int Number(AuditResult result, Severity severity) => result.Findings.Count(finding => finding.Severity == severity);

    private static string Count(int number, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");
}
