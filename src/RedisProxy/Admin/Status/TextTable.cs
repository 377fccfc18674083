namespace RedisProxy.Admin;

/// <summary>Columns for a terminal.</summary>
internal static class TextTable
{
    /// <param name="rows">The titles first; all of the same length.</param>
    public static IEnumerable<string> LinesOf(IReadOnlyList<string[]> rows)
    {
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        return rows.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    /// <summary>Clients choose their names and keys; those must not control the terminal.</summary>
    public static string Printable(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? '?' : letter));
}
