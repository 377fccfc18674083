using System.Globalization;

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Sessions;

namespace RedisProxy.Admin;

/// <summary>
/// What an order that holds sessions would meet, instead of the order (<c>?dryRun=true</c>). Changes nothing. It takes a second, in which
/// it watches how much the clients send.
/// </summary>
internal static class DryRun
{
    public const string Parameter = "dryRun";
    public const string Mark = "(dry run, nothing was done)";

    private static readonly TimeSpan Span = TimeSpan.FromSeconds(1);

    /// <summary>The verdict, followed by what is known of the sessions of these listeners.</summary>
    public static async Task<VerbAnswer> AnswerAsync(HttpContext http, IReadOnlyList<DataPlaneListener> held, VerbAnswer verdict)
    {
        if (held.Count == 0)
        {
            return verdict;
        }

        TimeProvider time = http.RequestServices.GetRequiredService<TimeProvider>();
        try
        {
            HoldForecast[] before = await LookAsync(held);
            long began = time.GetTimestamp();
            await Task.Delay(Span, time, http.RequestAborted);
            HoldForecast[] now = await LookAsync(held);
            double seconds = time.GetElapsedTime(began).TotalSeconds;
            IEnumerable<string> lines = held.SelectMany((listener, i) => LinesOf(listener, before[i], now[i], seconds));
            return verdict with { Text = string.Join('\n', lines.Prepend(verdict.Text)) };
        }
        catch (TimeoutException)
        {
            return new VerbAnswer(StatusCodes.Status503ServiceUnavailable, AdminAnswers.HungLoop.TrimEnd());
        }
    }

    private static async Task<HoldForecast[]> LookAsync(IReadOnlyList<DataPlaneListener> listeners)
    {
        (string, SessionListener)[] parts =
            [.. listeners.SelectMany(static listener => listener.Parts.Select(part => (listener.Options.Name, part)))];
        HoldForecast[] found = await LoopQuestions.AskAsync(parts, static (_, part) => HoldForecast.Of(part));
        var ofParts = new Queue<HoldForecast>(found);
        return [.. listeners.Select(listener => Sum(listener.Parts.Select(_ => ofParts.Dequeue())))];
    }

    private static HoldForecast Sum(IEnumerable<HoldForecast> parts)
    {
        var sum = new HoldForecast();
        foreach (HoldForecast part in parts)
        {
            sum.Add(part);
        }

        return sum;
    }

    private static IEnumerable<string> LinesOf(DataPlaneListener listener, HoldForecast before, HoldForecast now, double seconds)
    {
        SessionSettings settings = listener.Parts[0].Settings;
        string timeout = DurationText.Format(TimeSpan.FromMilliseconds(settings.HoldTimeoutMs));
        string[][] rows =
        [
            ["sessions", Text($"{now.Sessions} would be held, {now.InFlight} of them with requests in flight")],
            ["requests", Text($"{(now.Requests - before.Requests) / seconds:0} per second; each waits at most {timeout} (hold.timeout)")],
            ["buffers", BuffersOf(settings.MaxReplayBytes, now.MostReceivedSince(before) / seconds)],
            ["blocking", BlockingOf(now)],
            ["closed", ClosedOf(now)],
            ["transactions", TransactionsOf(now)],
        ];
        string state = listener.IsDraining ? ", which is being drained"
            : listener.IsPaused ? ", which is paused"
            : !listener.View.IsServing ? $", which has no master now: {listener.View.Reason}"
            : "";
        return TextTable.LinesOf(rows).Select(static line => $"  {line}").Prepend($"listener '{listener.Options.Name}'{state}");
    }

    // At least: a client that waits for each reply sends one request, and then no more.
    private static string BuffersOf(int bytes, double perSecond)
    {
        string rate = perSecond < 1
            ? "no client sends anything now"
            : Text($"enough for at least {bytes / perSecond:0.0} s of what the busiest client sends now");
        return $"{SizeText.Format(bytes)} for each session (replay.maxBytesPerSession): {rate}";
    }

    private static string BlockingOf(HoldForecast now) => now.Blocking == 0 ? "none"
        : Text($"{now.Blocking} session(s) in blocking commands, which would keep a drain from ending")
            + (now.Unknown > 0 ? Text($"; in a failover {now.Unknown} may get UNKNOWN (replay.onUnknownBlocking)") : "");

    private static string ClosedOf(HoldForecast now)
    {
        string[] reasons =
        [
            .. Enum.GetValues<PinReason>().Where(reason => now.Pinned[(int)reason] > 0)
                .Select(reason => Text($"{Labels.Of(reason)} {now.Pinned[(int)reason]}")),
        ];
        string subscriptions = now.Subscriptions > 0 ? Text($"; {now.Subscriptions} subscription(s) end") : "";
        return reasons.Length == 0 ? "none by a failover" : $"by a failover: {string.Join(", ", reasons)}{subscriptions}";
    }

    private static string TransactionsOf(HoldForecast now)
    {
        (long Count, string Why)[] lost =
        [
            (now.Transactions[(int)TransactionFate.Conflict], "with WATCH (EXEC answers nil)"),
            (now.Transactions[(int)TransactionFate.Abort], "too large to keep (EXECABORT)"),
        ];
        string[] some = [.. lost.Where(static kind => kind.Count > 0).Select(static kind => Text($"{kind.Count} {kind.Why}"))];
        return some.Length == 0 ? "none lost by a failover" : $"lost by a failover: {string.Join(", ", some)}";
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
