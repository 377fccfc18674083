namespace RedisProxy.Load.Reporting;

/// <summary>
/// A document whose measured sections are written by the benchmarks, each between two markers, and whose prose is written by people. Part
/// of that prose are the reasons for missed bars, under a separate heading: a list with an entry for each bar,
/// <c>- `pipeline: p99 ÷ HAProxy`: why</c>. A missed bar without such a reason is never written.
/// </summary>
internal sealed class MeasuredDocument(string path)
{
    public const string ReasonsHeading = "### Missed bars";

    /// <summary>A verdict that leads to the reasons.</summary>
    public static string LinkToReasons(string verdict) => $"[{verdict}](#missed-bars)";

    /// <summary>Before anything is measured: does the document have all sections that are to be written?</summary>
    /// <param name="path">Null and "-": there is none, the result goes to standard output.</param>
    /// <exception cref="InvalidOperationException">It lacks one. The message is for the user.</exception>
    public static MeasuredDocument? Open(string? path, params string[] sections)
    {
        if (path is null or "-")
        {
            return null;
        }

        string text = File.ReadAllText(path);
        foreach (string section in sections)
        {
            Find(text, section);
        }

        return new MeasuredDocument(path);
    }

    /// <summary>
    /// Writes a section, or prints it where there is no document. It is also printed when it is refused, so that a long measurement is not
    /// lost.
    /// </summary>
    /// <returns>False: the document is unchanged, and standard error says why.</returns>
    public static async Task<bool> PublishAsync(
        MeasuredDocument? document, string section, IReadOnlyList<string> lines, IReadOnlyCollection<Bar> bars)
    {
        string? refusal = document is null ? null : await document.WriteAsync(section, lines, bars);
        if (document is null || refusal is not null)
        {
            await Console.Out.WriteLineAsync(string.Join('\n', lines));
        }

        if (refusal is not null)
        {
            await Console.Error.WriteLineAsync(refusal);
        }

        return refusal is null;
    }

    /// <summary>The document with these lines in the section, or why they are refused.</summary>
    public static (string? Text, string? Refusal) Rewrite(
        string text, string section, IReadOnlyList<string> lines, IReadOnlyCollection<Bar> bars)
    {
        string[] reasons = [.. ReasonsIn(text)];
        string[] missing = [.. bars.Where(b => !b.IsPassed).Select(b => b.Name).Except(reasons)];
        if (missing.Length > 0)
        {
            return (null, $"\"{ReasonsHeading}\" gives no reason for {string.Join("; ", missing)}");
        }

        (int begin, int end) = Find(text, section);
        return ($"{text[..begin]}\n{string.Join('\n', lines)}\n\n{text[end..]}", null);
    }

    /// <summary>The names of the bars for which the document gives a reason.</summary>
    public static IEnumerable<string> ReasonsIn(string text) => text.Split('\n')
        .SkipWhile(static line => line != ReasonsHeading)
        .Skip(1)
        .TakeWhile(static line => !line.StartsWith('#') && !line.StartsWith("<!--", StringComparison.Ordinal))
        .Select(static line => line.Split('`'))
        .Where(static parts => parts is ["- ", _, [':', ' ', _, ..], ..])
        .Select(static parts => parts[1]);

    private async Task<string?> WriteAsync(string section, IReadOnlyList<string> lines, IReadOnlyCollection<Bar> bars)
    {
        (string? text, string? refusal) = Rewrite(await File.ReadAllTextAsync(path), section, lines, bars);
        if (text is null)
        {
            return $"{path} is unchanged: {refusal}. Add the reasons there, and paste the result printed above between the markers.";
        }

        await File.WriteAllTextAsync(path, text);
        foreach (string name in bars.Where(b => b.IsPassed).Select(b => b.Name).Intersect(ReasonsIn(text)))
        {
            await Console.Error.WriteLineAsync($"{path} gives a reason for missing a bar that was met: {name}");
        }

        return null;
    }

    /// <returns>What is between the markers, from the end of the first one's line.</returns>
    private static (int Begin, int End) Find(string text, string section)
    {
        string first = $"<!-- {section}: begin -->\n";
        string last = $"<!-- {section}: end -->";
        int begin = text.IndexOf(first, StringComparison.Ordinal);
        int end = begin < 0 ? -1 : text.IndexOf(last, begin, StringComparison.Ordinal);
        return end >= 0
            ? (begin + first.Length, end)
            : throw new InvalidOperationException($"the document has no section from \"{first.Trim()}\" to \"{last}\"");
    }
}
