using System.Globalization;

namespace RedisProxy.Load.Reporting;

/// <summary>The results as text: for a terminal, or as Markdown.</summary>
internal static class LoadReport
{
    public static IEnumerable<string> Lines(
        LoadOptions options, IReadOnlyList<MeasureResult> results, IReadOnlyList<string> facts, TimeSpan duration)
    {
        string bullet = options.Markdown ? "- " : "";
        string heading = options.Markdown ? "#### " : "";
        foreach (string fact in facts)
        {
            yield return bullet + fact;
        }

        yield return $"{bullet}medians of {options.Rounds} rounds; ratios within a round (the median of the means of every two), "
            + "in brackets the least and the most";
        yield return string.Create(CultureInfo.InvariantCulture, $"{bullet}took {duration.TotalMinutes:0.0} minutes");
        foreach (MeasureResult result in results)
        {
            foreach (string line in Section(heading + result.Title, result.Table, options.Markdown))
            {
                yield return line;
            }
        }

        if (options.Check)
        {
            Bar[] bars = [.. results.SelectMany(r => r.Bars)];
            foreach (string line in Section(heading + "Bars", [Bar.Titles, .. bars.Select(b => b.Row)], options.Markdown).Append(""))
            {
                yield return line;
            }

            yield return Verdict(bars);
        }
    }

    private static string Verdict(Bar[] bars)
    {
        Bar[] missed = [.. bars.Where(b => !b.IsPassed)];
        return missed.Length == 0
            ? $"check: passed, all {bars.Length} bars"
            : $"check: FAILED, {missed.Length} of {bars.Length} bars: {string.Join("; ", missed.Select(b => b.Name))}";
    }

    private static IEnumerable<string> Section(string title, IReadOnlyList<string[]> rows, bool markdown) =>
        ["", title, "", .. Table.Lines(rows, markdown)];
}
