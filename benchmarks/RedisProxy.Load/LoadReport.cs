using System.Globalization;

namespace RedisProxy.Load;

/// <summary>The results as text: for a terminal, or as Markdown.</summary>
internal static class LoadReport
{
    private static readonly string[] Titles =
        ["", "requests/s", "p50 ms", "p99 ms", "CPU µs/request", "CPU ÷ HAProxy", "CPU ÷ floor", "requests/s ÷ HAProxy"];

    public static IEnumerable<string> Lines(
        LoadOptions options, IReadOnlyList<Target> targets, IReadOnlyList<CellResult> results, IReadOnlyList<string> facts)
    {
        string bullet = options.Markdown ? "- " : "";
        foreach (string fact in facts)
        {
            yield return bullet + fact;
        }

        yield return $"{bullet}medians of {options.Rounds} rounds; ratios within a round, in brackets the least and the most";
        foreach (CellResult result in results)
        {
            yield return "";
            string requests = result.Requests.ToString("N0", CultureInfo.InvariantCulture);
            yield return $"{(options.Markdown ? "#### " : "")}{result.Cell.Title} ({requests} requests a run)";
            yield return "";
            foreach (string line in Table([Titles, .. targets.Select(t => Row(t, result))], options.Markdown))
            {
                yield return line;
            }
        }
    }

    private static string[] Row(Target target, CellResult result) =>
    [
        target.Name,
        Format(result.Median(target.Key, r => r.RequestsPerSecond), "N0"),
        Format(result.Median(target.Key, r => r.P50), "0.000"),
        Format(result.Median(target.Key, r => r.P99), "0.000"),
        target.Forwarder is null ? "" : Format(result.Median(target.Key, r => r.CpuPerRequest), "0.00"),
        Ratio(result.Ratio(target.Key, Target.HaproxyKey, r => r.CpuPerRequest)),
        Ratio(result.Ratio(target.Key, Target.FloorKey, r => r.CpuPerRequest)),
        Ratio(result.Ratio(target.Key, Target.HaproxyKey, r => r.RequestsPerSecond)),
    ];

    private static string Ratio(Spread? ratio) => ratio is null
        ? ""
        : $"{Format(ratio.Median, "0.00")} [{Format(ratio.Least, "0.00")}, {Format(ratio.Most, "0.00")}]";

    private static string Format(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static IEnumerable<string> Table(string[][] rows, bool markdown)
    {
        int[] widths = [.. Enumerable.Range(0, Titles.Length).Select(column => rows.Max(row => row[column].Length))];
        string separator = markdown ? " | " : "  ";
        for (int i = 0; i < rows.Length; i++)
        {
            // Names to the left, figures to the right.
            IEnumerable<string> cells = rows[i].Select(
                (cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]));
            string line = string.Join(separator, cells);
            yield return markdown ? $"| {line} |" : line.TrimEnd();
            if (markdown && i == 0)
            {
                IEnumerable<string> rules = widths.Select((width, column) => new string('-', width + 1) + (column == 0 ? "-" : ":"));
                yield return $"|{string.Join('|', rules)}|";
            }
        }
    }
}
