using System.Globalization;

namespace RedisProxy.Admin;

/// <summary>Slow requests as text, for a terminal.</summary>
internal static class SlowlogText
{
    private static readonly string[] Titles =
    [
        "AT", "SECONDS", "COMMAND", "KEY", "BYTES", "REPLIES", "DB", "LISTENER", "SESSION", "CLIENT", "NAME",
    ];

    /// <param name="answer">What is shown.</param>
    /// <param name="showsKeys">Otherwise there is no column for them.</param>
    public static string Of(SlowlogAnswer answer, bool showsKeys)
    {
        if (answer.Requests.Count == 0)
        {
            return answer.Total == 0 ? "no slow request so far\n" : "no slow request\n";
        }

        string[][] rows = [Titles, .. answer.Requests.Select(CellsOf)];
        IEnumerable<string> lines = TextTable.LinesOf(
            [.. rows.Select(row => row.Where((_, column) => showsKeys || Titles[column] != "KEY").ToArray())]);
        string older = answer.Total > answer.Requests.Count
            ? string.Create(CultureInfo.InvariantCulture, $"{answer.Requests.Count} of {answer.Total} so far\n")
            : "";
        return string.Concat(lines.Select(line => line + "\n")) + older;
    }

    private static string[] CellsOf(SlowRequestStatus request) =>
    [
        request.At.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture),
        request.Seconds.ToString("0.000", CultureInfo.InvariantCulture),
        request.Command.Length > 0 ? TextTable.Printable(request.Command) : "?",
        TextTable.Printable(request.Key ?? ""),
        request.Bytes.ToString(CultureInfo.InvariantCulture),
        request.Replies.ToString(CultureInfo.InvariantCulture),
        request.Database.ToString(CultureInfo.InvariantCulture),
        request.Listener,
        request.Session.ToString(CultureInfo.InvariantCulture),
        request.Client,
        TextTable.Printable(request.Name),
    ];
}
