using System.Globalization;

using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Failover;

/// <summary>The failovers of one kind as text.</summary>
internal static class FailoverReport
{
    private const string UnknownCode = "IOERR";

    private const string Load = "4 writers through each, a millisecond after each reply the next write";

    private static readonly string[] NamedCodes = [UnknownCode, "READONLY", "LOADING"];

    /// <summary>The section of a document that failovers of this kind fill.</summary>
    public static string SectionOf(FailoverKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>One failover in one line, as progress.</summary>
    public static string Row(FailoverOutcome outcome) => $"RedisProxy {Short(outcome.Proxy)} | HAProxy {Short(outcome.Haproxy)}"
        + (outcome.Further > 0 ? $" | Sentinel failed over {outcome.Further + 1} times" : "");

    public static IEnumerable<string> Lines(
        FailoverKind kind, FailoverOptions options, IReadOnlyList<FailoverOutcome> outcomes, IReadOnlyList<string> facts)
    {
        bool isMarkdown = options.MarkdownFile is not null;
        string bullet = isMarkdown ? "- " : "";
        yield return $"{(isMarkdown ? "### " : "")}{Title(kind, outcomes.Count)}";
        yield return "";
        foreach (string fact in facts.Append(Setting(kind, options)))
        {
            yield return bullet + fact;
        }

        if (outcomes.Count(o => o.Further > 0) is > 0 and int disturbed)
        {
            yield return $"{bullet}in {disturbed} of these Sentinel failed over again at once, unasked";
        }

        TargetOutcome[] proxy = [.. outcomes.Select(o => o.Proxy)];
        TargetOutcome[] haproxy = [.. outcomes.Select(o => o.Haproxy)];
        string[][] pauses =
        [
            ["longest pause of a failover, ms", "least", "p50", "p90", "most"],
            Pauses("RedisProxy, worst writer", proxy, o => o.WorstPauseMs),
            Pauses("RedisProxy, median writer", proxy, o => o.MedianPauseMs),
            Pauses("HAProxy, worst writer", haproxy, o => o.WorstPauseMs),
            Pauses("HAProxy, median writer", haproxy, o => o.MedianPauseMs),
        ];
        string[][] told =
        [
            ["in all", "acknowledged", "lost of these", "unknown outcome", .. NamedCodes[1..], "other errors", "connections lost"],
            Told("RedisProxy", proxy),
            Told("HAProxy", haproxy),
        ];
        foreach (string[][] table in new[] { pauses, told })
        {
            yield return "";
            foreach (string line in Table.Lines(table, isMarkdown))
            {
                yield return line;
            }
        }
    }

    private static string Title(FailoverKind kind, int count) => kind == FailoverKind.Planned
        ? $"Planned failovers (SENTINEL FAILOVER): {count}"
        : $"Failovers after SIGKILL of the master: {count}";

    private static string Setting(FailoverKind kind, FailoverOptions options)
    {
        string downAfter = $"down-after-milliseconds {options.DownAfter.TotalMilliseconds:0}";
        return kind == FailoverKind.Planned
            ? $"Sentinel's default periods; RedisProxy with its defaults; {Load}"
            : $"Sentinel's default periods, {downAfter}; RedisProxy with hold.timeout "
                + $"{FailoverStage.HoldTimeout(options.DownAfter) ?? "4s"}; {Load}";
    }

    private static string[] Pauses(string name, TargetOutcome[] outcomes, Func<TargetOutcome, double> pauseMs)
    {
        double[] sorted = [.. outcomes.Select(pauseMs).Order()];
        return [name, .. new[] { 0, 0.5, 0.9, 1 }.Select(part => Number(Quantile(sorted, part)))];
    }

    // The least figure that so great a part of all do not exceed.
    private static double Quantile(double[] sorted, double part) => sorted[Math.Max(0, (int)Math.Ceiling(part * sorted.Length) - 1)];

    private static string[] Told(string name, TargetOutcome[] outcomes) =>
    [
        name,
        Number(outcomes.Sum(o => (long)o.Acknowledged)),
        Number(outcomes.Sum(o => (long)o.Lost)),
        .. NamedCodes.Select(code => Number(outcomes.Sum(o => (long)o.Errors.GetValueOrDefault(code)))),
        Number(outcomes.Sum(o => o.Errors.Where(e => !NamedCodes.Contains(e.Key)).Sum(e => (long)e.Value))),
        Number(outcomes.Sum(o => (long)o.ConnectionsLost)),
    ];

    private static string Short(TargetOutcome outcome)
    {
        string errors = string.Concat(outcome.Errors.OrderBy(e => e.Key).Select(e => $", {Number(e.Value)} {e.Key}"));
        string honesty = outcome.IsHonest || outcome.Lost > 0 ? "" : ", NOT HONEST";
        return $"{Number(outcome.WorstPauseMs)} ms (median writer {Number(outcome.MedianPauseMs)}), "
            + $"{Number(outcome.Acknowledged)} acknowledged, {Number(outcome.Lost)} lost{errors}, "
            + $"{Number(outcome.ConnectionsLost)} connections lost{honesty}";
    }

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
