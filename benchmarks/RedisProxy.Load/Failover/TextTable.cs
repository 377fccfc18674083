namespace RedisProxy.Load.Failover;

/// <summary>A table for a terminal, or in Markdown. The first row has the titles, the first column the names.</summary>
internal static class TextTable
{
    public static IEnumerable<string> Lines(IReadOnlyList<string[]> rows, bool markdown)
    {
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        for (int i = 0; i < rows.Count; i++)
        {
            // Names to the left, figures to the right.
            IEnumerable<string> cells = rows[i].Select(
                (cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]));
            yield return markdown ? $"| {string.Join(" | ", cells)} |" : string.Join("  ", cells).TrimEnd();
            if (markdown && i == 0)
            {
                IEnumerable<string> rules = widths.Select((width, column) => new string('-', width + 1) + (column == 0 ? "-" : ":"));
                yield return $"|{string.Join('|', rules)}|";
            }
        }
    }
}
