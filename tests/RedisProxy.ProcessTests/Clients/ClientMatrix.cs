using System.Globalization;
using System.Text;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Clients;

/// <summary>
/// The tables of docs/clients.md: one that must be the same in every run, and one with the figures of the run that wrote the file.
/// </summary>
internal static class ClientMatrix
{
    /// <summary>A file that gets the tables between its marks; relative to the repository.</summary>
    public const string FileVariable = "REDISPROXY_MATRIX";

    public const string Document = "docs/clients.md";

    private const int MaxBreach = 100;
    private const string NotOffered = "not offered by the client";
    private static readonly (string Begin, string End) Seen = ("<!-- seen: begin -->\n", "<!-- seen: end -->");
    private static readonly (string Begin, string End) Figures = ("<!-- figures: begin -->\n", "<!-- figures: end -->");

    public static string Checked(IReadOnlyList<ClientCell> cells)
    {
        var text = new StringBuilder();
        foreach ((ClientStage stage, string title) in new[]
                 {
                     (ClientStage.Steady, "Nothing happens"),
                     (ClientStage.Planned, "Planned failover"),
                     (ClientStage.Killed, "SIGKILL of the master"),
                 })
        {
            string headings = string.Join(" | ", Enum.GetValues<ClientMode>().Select(Heading));
            text.Append(CultureInfo.InvariantCulture, $"### {title}\n\n| | {headings} |\n");
            text.Append("|---|---|---|---|---|---|\n");
            foreach (ClientProgram client in ClientProgram.All)
            {
                IEnumerable<string> row = Enum.GetValues<ClientMode>()
                    .Select(mode => cells.SingleOrDefault(c => c.Client == client && c.Mode == mode))
                    .Select(cell => cell is null ? NotOffered : Describe(cell, stage));
                text.Append(CultureInfo.InvariantCulture, $"| {client.Name} | {string.Join(" | ", row)} |\n");
            }

            text.Append('\n');
        }

        text.Append("### How it reaches the application\n\n| | UNKNOWN | a closed subscription |\n|---|---|---|\n");
        foreach (ClientProgram client in ClientProgram.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {client.Name} | {ErrorTypes(cells, client, subscribers: false)} ");
            text.Append(CultureInfo.InvariantCulture, $"| {ErrorTypes(cells, client, subscribers: true)} |\n");
        }

        return text.ToString();
    }

    public static string CheckedIn(string document) => Between(document, Seen);

    public static async Task WriteIfAskedAsync(IReadOnlyList<ClientCell> cells)
    {
        if (Environment.GetEnvironmentVariable(FileVariable) is not { Length: > 0 } name)
        {
            return;
        }

        string path = Path.Combine(ProxyProgram.RepositoryRoot(), name);
        string document = File.Exists(path)
            ? await File.ReadAllTextAsync(path)
            : Seen.Begin + Seen.End + "\n\n" + Figures.Begin + Figures.End + "\n";
        document = document.Replace(Between(document, Seen) + Seen.End, Checked(cells) + Seen.End, StringComparison.Ordinal);
        document = document.Replace(Between(document, Figures) + Figures.End, Measured(cells) + Figures.End, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, document);
    }

    private static string Measured(IReadOnlyList<ClientCell> cells)
    {
        var text = new StringBuilder();
        text.Append("| | planned: longest pause, errors, reconnects | SIGKILL: longest pause, errors, reconnects |\n|---|---|---|\n");
        foreach (ClientCell cell in cells)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {cell.Version}, {Heading(cell.Mode)} ");
            text.Append(CultureInfo.InvariantCulture, $"| {Figure(cell, ClientStage.Planned)} | {Figure(cell, ClientStage.Killed)} |\n");
        }

        return text.ToString();
    }

    private static string Figure(ClientCell cell, ClientStage stage)
    {
        CellStage record = cell[stage];
        string connections = cell.ConnectsForEachFeed ? "by feed" : record.Opened.ToString(CultureInfo.InvariantCulture);
        // Its acknowledgements come only with the end of a feed, and elements only once they are pushed again.
        string pause = cell.ConnectsForEachFeed || cell.Mode == ClientMode.Blocking
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"{record.LongestPause.TotalSeconds:0.00} s");
        return $"{pause}, {record.Errors.Count}, {connections}";
    }

    private static string Describe(ClientCell cell, ClientStage stage)
    {
        IReadOnlyList<string> breaches = ClientContract.Breaches(cell, stage);
        if (breaches.Count > 0)
        {
            string first = breaches[0].ReplaceLineEndings(" ");
            return $"BREACH: {(first.Length <= MaxBreach ? first : first[..MaxBreach] + "…")}";
        }

        CellStage record = cell[stage];
        return (stage, cell.Mode) switch
        {
            (ClientStage.Steady, _) => "works",
            (_, ClientMode.PubSub) when record.ApplicationConnectsAgain => "closed; the application subscribes again",
            (_, ClientMode.PubSub) when record.Errors.Count > 0 => "closed; error, then subscribes again by itself",
            (_, ClientMode.PubSub) => "closed; subscribes again by itself",
            (ClientStage.Killed, ClientMode.Blocking) when record.ApplicationConnectsAgain => "closed; the application connects again",
            (ClientStage.Killed, ClientMode.Blocking) when record.Errors.Count > 0 => "closed; error, then connects again by itself",
            (ClientStage.Killed, ClientMode.Blocking) => "closed; waits on by itself",
            (_, ClientMode.Blocking) => record.Errors.Count > 0 ? "kept; UNKNOWN" : "kept; no error",
            // Whether something is in flight in that moment differs from run to run.
            (ClientStage.Killed, _) when cell.MayLoseItsConnectionByExec => "kept unless EXEC was in flight; UNKNOWN at most",
            (ClientStage.Killed, _) => "kept; UNKNOWN at most",
            _ => record.Errors.Count > 0 ? "kept; UNKNOWN" : "kept; no error",
        };
    }

    private static string ErrorTypes(IReadOnlyList<ClientCell> cells, ClientProgram client, bool subscribers)
    {
        string[] types =
        [
            .. cells.Where(c => c.Client == client && (c.Mode == ClientMode.PubSub) == subscribers)
                .SelectMany(c => new[] { c[ClientStage.Planned], c[ClientStage.Killed] })
                .SelectMany(stage => stage.Errors)
                .Select(error => $"`{error.Type}`")
                .Distinct().Order(StringComparer.Ordinal),
        ];
        return types.Length == 0 ? "not seen" : string.Join(", ", types);
    }

    private static string Heading(ClientMode mode) => mode switch
    {
        ClientMode.PubSub => "publish/subscribe",
        _ => mode.ToString().ToLowerInvariant(),
    };

    private static string Between(string document, (string Begin, string End) marks)
    {
        int begin = document.IndexOf(marks.Begin, StringComparison.Ordinal) + marks.Begin.Length;
        int end = document.IndexOf(marks.End, StringComparison.Ordinal);
        return begin >= marks.Begin.Length && end >= begin
            ? document[begin..end]
            : throw new InvalidDataException($"The marks {marks.Begin.Trim()} and {marks.End} are missing.");
    }
}
