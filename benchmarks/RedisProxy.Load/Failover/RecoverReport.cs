using System.Globalization;

using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Failover;

/// <summary>The rounds of <c>recover</c> as text, with a verdict for each bar.</summary>
internal static class RecoverReport
{
    /// <summary>From the switch to the first reply.</summary>
    public const double MaxFirstReplyMs = 50;

    /// <summary>From the switch to the last reply.</summary>
    public const double MaxLastServedMs = 1000;

    /// <summary>Times by the median, since a busy machine can spoil a round; answers by all rounds, since nothing excuses those.</summary>
    public static bool Passes(IReadOnlyList<RecoverResult> results) => Verdicts(results).All(verdict => verdict.Passes);

    /// <summary>One round in one line, for those who wait.</summary>
    public static string Row(RecoverResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"{result.Answered:N0} of {result.Sessions:N0} sessions answered, {result.Errors:N0} errors, {result.Closed:N0} closed; switch "
        + $"{result.SwitchMs:N0} ms after the kill, first reply {Ms(result.FirstReplyMs)}, last {Ms(result.LastServedMs)} after it");

    public static IEnumerable<string> Lines(FailoverOptions options, IReadOnlyList<RecoverResult> results, IReadOnlyList<string> facts)
    {
        string bullet = options.Markdown ? "- " : "";
        string title = options.Markdown ? "#### " : "";
        yield return Invariant($"{title}{options.Sessions:N0} sessions, SIGKILL of the master; rounds: {results.Count}");
        yield return "";
        string setting = $"Sentinel's default periods, down-after-milliseconds {options.DownAfter.TotalMilliseconds:0}";
        foreach (string fact in facts.Append(setting))
        {
            yield return bullet + fact;
        }

        yield return "";
        string[][] table =
        [
            ["from the first Sentinel's switch, ms", "least", "median", "most"],
            Figures("first reply", results.Select(r => r.FirstReplyMs)),
            Figures("last session served", results.Select(r => r.LastServedMs)),
        ];
        foreach (string line in TextTable.Lines(table, options.Markdown))
        {
            yield return line;
        }

        yield return "";
        foreach ((string text, bool passes) in Verdicts(results))
        {
            yield return $"{bullet}{text}: {(passes ? "passed" : "FAILED")}";
        }
    }

    private static (string Text, bool Passes)[] Verdicts(IReadOnlyList<RecoverResult> results)
    {
        double first = Spread.Of(results.Select(r => r.FirstReplyMs)).Median;
        double last = Spread.Of(results.Select(r => r.LastServedMs)).Median;
        (int sessions, int answered) = (results.Sum(r => r.Sessions), results.Sum(r => r.Answered));
        (int errors, int closed) = (results.Sum(r => r.Errors), results.Sum(r => r.Closed));
        string answers = Invariant($"{answered:N0} of {sessions:N0} answered with the right value, {errors:N0} errors, {closed:N0} closed");
        return
        [
            (Invariant($"first reply {Ms(first)} after the switch, at most {MaxFirstReplyMs:N0} ms"), first <= MaxFirstReplyMs),
            (Invariant($"last session served {Ms(last)} after the switch, at most {MaxLastServedMs:N0} ms"), last <= MaxLastServedMs),
            (answers, answered == sessions),
        ];
    }

    private static string[] Figures(string name, IEnumerable<double> figures)
    {
        Spread spread = Spread.Of(figures);
        return [name, .. new[] { spread.Least, spread.Median, spread.Most }.Select(f => f.ToString("N0", CultureInfo.InvariantCulture))];
    }

    private static string Ms(double ms) => Invariant($"{ms:N0} ms");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
