using RedisProxy.Configuration;
using RedisProxy.Hosting;

namespace RedisProxy.CommandLine;

/// <summary>
/// Asks a running proxy again every second, until cancelled. On a terminal each answer takes the place of the one before; what does not
/// fit there is left out, because lines that wrap or scroll would push the beginning out of sight.
/// </summary>
internal static class StatusWatch
{
    private const string Home = "\u001b[H";
    private const string ClearRest = "\u001b[J";
    private const string ClearLine = "\u001b[K";

    // DECAWM: without it a line ends at the edge of the terminal, however wide its characters are.
    private const string CutLines = "\u001b[?7l";
    private const string WrapLines = "\u001b[?7h";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // A proxy that does not answer must not hide for long behind its last answer.
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(3);

    /// <param name="admin">Of the proxy.</param>
    /// <param name="asked">The question.</param>
    /// <param name="output">Receives the answers.</param>
    /// <param name="rowsOfTerminal">How many it has now; null: the output is no terminal.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns><see cref="ExitCode.Ok"/>, when cancelled.</returns>
    public static async Task<int> RunAsync(
        BindAddress admin, AdminQuestion asked, TextWriter output, Func<int?> rowsOfTerminal, CancellationToken cancel)
    {
        AdminQuestion question = asked with { MaxTime = MaxTime };
        try
        {
            while (true)
            {
                Task next = Task.Delay(Interval, TimeProvider.System, cancel);
                await using var answer = new StringWriter { NewLine = "\n" };
                await AdminClient.AskAsync(admin, question, answer, answer, cancel);
                cancel.ThrowIfCancellationRequested();
                await output.WriteAsync(rowsOfTerminal() is { } rows ? ForTerminal(answer.ToString(), rows) : $"{answer}\n");
                await output.FlushAsync(cancel);
                await next;
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
    }

    /// <summary>In place of the answer before, without clearing the screen first, which would flicker.</summary>
    /// <param name="text">Each line with its end.</param>
    /// <param name="rows">Of the terminal; the last one is for the cursor.</param>
    public static string ForTerminal(string text, int rows)
    {
        string[] lines = text.TrimEnd('\n').Split('\n');
        if (lines.Length > rows - 1 && rows > 2)
        {
            int shown = rows - 2;
            lines = [.. lines.Take(shown), $"… and {lines.Length - shown} more lines"];
        }

        return Home + CutLines + string.Concat(lines.Select(line => $"{line}{ClearLine}\n")) + ClearRest + WrapLines;
    }
}
