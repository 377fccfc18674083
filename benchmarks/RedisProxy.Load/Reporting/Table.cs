namespace RedisProxy.Load.Reporting;

/// <summary>Rows of cells as aligned text; the first row has the titles.</summary>
internal static class Table
{
    public static IEnumerable<string> Lines(IReadOnlyList<string[]> rows, bool markdown)
    {
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        string separator = markdown ? " | " : "  ";
        for (int i = 0; i < rows.Count; i++)
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
