using System.Globalization;

namespace RedisProxy.Load.Reporting;

/// <summary>The results as text: for a terminal, or as Markdown.</summary>
internal static class LoadReport
{
    public static IEnumerable<string> Lines(
        LoadOptions options, IReadOnlyList<MeasureResult> results, IReadOnlyList<string> facts, TimeSpan duration)
    {
        bool isMarkdown = options.MarkdownFile is not null;
        string bullet = isMarkdown ? "- " : "";
        string heading = isMarkdown ? "### " : "";
        foreach (string fact in facts)
        {
            yield return bullet + fact;
        }

        yield return $"{bullet}medians of {options.Rounds} rounds; ratios within a round (the median of the means of every two), "
            + "in brackets the least and the most";
        yield return string.Create(CultureInfo.InvariantCulture, $"{bullet}took {duration.TotalMinutes:0.0} minutes");
        foreach (MeasureResult result in results)
        {
            foreach (string line in Titled(heading + result.Title, result.Table, isMarkdown))
            {
                yield return line;
            }
        }

        if (options.Check)
        {
            IEnumerable<string[]> rows = results.SelectMany(r => r.Bars).Select(bar => isMarkdown ? WithLink(bar) : bar.Row);
            foreach (string line in Titled(heading + "Bars", [Bar.Titles, .. rows], isMarkdown))
            {
                yield return line;
            }
        }
    }

    public static string Verdict(IReadOnlyCollection<Bar> bars)
    {
        Bar[] missed = [.. bars.Where(b => !b.IsPassed)];
        return missed.Length == 0
            ? $"check: passed, all {bars.Count} bars"
            : $"check: FAILED, {missed.Length} of {bars.Count} bars: {string.Join("; ", missed.Select(b => b.Name))}";
    }

    private static string[] WithLink(Bar bar) => bar.IsPassed ? bar.Row : [.. bar.Row[..^1], MeasuredDocument.LinkToReasons(bar.Row[^1])];

    private static IEnumerable<string> Titled(string title, IReadOnlyList<string[]> rows, bool markdown) =>
        ["", title, "", .. Table.Lines(rows, markdown)];
}
