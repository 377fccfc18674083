using RedisProxy.Configuration;
using RedisProxy.Hosting;

namespace RedisProxy.CommandLine;

/// <summary>
/// Asks a running proxy again every second, until cancelled. On a terminal each answer takes the place of the one before.
/// </summary>
internal static class StatusWatch
{
    private const string Home = "\u001b[H";
    private const string ClearRest = "\u001b[J";
    private const string ClearLine = "\u001b[K";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // A proxy that does not answer must not hide for long behind its last answer.
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(3);

    /// <returns><see cref="ExitCode.Ok"/>, when cancelled.</returns>
    public static async Task<int> RunAsync(
        BindAddress admin, AdminQuestion asked, TextWriter output, bool isTerminal, CancellationToken cancel)
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
                await output.WriteAsync(isTerminal ? ForTerminal(answer.ToString()) : $"{answer}\n");
                await output.FlushAsync(cancel);
                await next;
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
    }

    // Without clearing the screen first, which would flicker.
    private static string ForTerminal(string text) =>
        Home + text.Replace("\n", $"{ClearLine}\n", StringComparison.Ordinal) + ClearRest;
}
