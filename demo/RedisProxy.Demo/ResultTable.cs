using System.Globalization;

namespace RedisProxy.Demo;

/// <summary>The rounds side by side, narrow enough for any terminal.</summary>
internal static class ResultTable
{
    private const int TitleWidth = 40;
    private const int CellWidth = 15;

    public static IEnumerable<string> Lines(IReadOnlyList<(string Title, RoundResult Result)> rounds)
    {
        (string Title, Func<RoundResult, string> Cell)[] rows =
        [
            ("writes acknowledged", r => Number(r.Writes.Acknowledged)),
            ("  of these lost", r => Number(r.Writes.Lost.Count)),
            ("writes refused, certainly not executed", r => Number(r.Writes.NotExecuted + r.Writes.OtherErrors)),
            ("  of these executed nevertheless", r => Number(r.Writes.Phantom.Count)),
            ("writes of unknown outcome", r => Number(r.Writes.Unknown + r.Writes.Broken)),
            ("  of these executed", r => Number(r.Writes.UnknownPresent)),
            ("writes executed twice", r => Number(r.Writes.Duplicate.Count)),
            ("writes out of order", r => Number(r.Writes.OutOfOrder.Count)),
            ("reads failed", r => Number(r.ReadErrors.Values.Sum())),
            ("errors in all, of writes and reads", r => Number(r.Errors)),
            ("connections of the application lost", r => Number(r.ConnectionsLost)),
            ("longest time without an acknowledgement", r => Seconds(r.Writes.LongestPause.Length)),
        ];

        string rule = new string('─', TitleWidth) + string.Concat(rounds.Select(_ => "┼" + new string('─', CellWidth + 1)));
        yield return Row("what the application saw", rounds.Select(r => r.Title));
        yield return rule;
        foreach ((string title, Func<RoundResult, string> cell) in rows)
        {
            yield return Row(title, rounds.Select(r => cell(r.Result)));
        }

        string[] codes = [.. rounds.SelectMany(r => r.Result.Codes).Distinct().Order(StringComparer.Ordinal)];
        if (codes.Length > 0)
        {
            yield return rule;
        }

        foreach (string code in codes)
        {
            yield return Row($"error '{code}'", rounds.Select(r => Number(r.Result.ErrorsOf(code))));
        }
    }

    private static string Row(string title, IEnumerable<string> cells) =>
        title.PadRight(TitleWidth) + string.Concat(cells.Select(cell => "│ " + cell.PadLeft(CellWidth)));

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.00 s", CultureInfo.InvariantCulture);
}
