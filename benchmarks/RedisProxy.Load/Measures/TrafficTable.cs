using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Measures;

/// <summary>
/// The rows of a cell. Where a target takes part whose clients share connections, there is also what sharing is for: fewer connections at
/// redis, and less of its CPU time.
/// </summary>
internal static class TrafficTable
{
    public static IReadOnlyList<string[]> Of(IReadOnlyList<Target> targets, Rounds<Run> rounds)
    {
        Column[] columns = [.. Columns([.. targets.Select(target => target.Key)])];
        return
        [
            ["", .. columns.Select(column => column.Title)],
            .. targets.Select(target => (string[])[target.Name, .. columns.Select(column => column.Text(target, rounds))]),
        ];
    }

    /// <summary>Of the columns, when these targets take part.</summary>
    public static IEnumerable<string> Titles(IReadOnlyList<string> keys) => Columns(keys).Select(column => column.Title);

    private static IEnumerable<Column> Columns(IReadOnlyList<string> keys)
    {
        bool isSharing = keys.Any(Target.Shares);
        yield return Median("requests/s", r => r.RequestsPerSecond, "N0");
        yield return Median("p50 ms", r => r.P50, "0.000");
        yield return Median("p99 ms", r => r.P99, "0.000");
        yield return new Column("CPU µs/request", static (target, rounds) =>
            target.Forwarder is null ? "" : Spread.Text(rounds.Of(target.Key, r => r.CpuPerRequest), "0.00"));
        yield return Median("redis µs/request", r => r.RedisCpuPerRequest, "0.00");
        if (isSharing)
        {
            yield return new Column("connections at redis", ConnectionsText);
        }

        yield return ToOther("CPU ÷ HAProxy", Target.HaproxyKey, r => r.CpuPerRequest);
        if (keys.Contains(Target.FloorKey))
        {
            yield return ToOther("CPU ÷ floor", Target.FloorKey, r => r.CpuPerRequest);
        }

        if (isSharing)
        {
            yield return ToOther("redis CPU ÷ RedisProxy", Target.ProxyKey, r => r.RedisCpuPerRequest);
            yield return ToOther("requests/s ÷ direct", Target.DirectKey, r => r.RequestsPerSecond);
        }

        yield return ToOther("requests/s ÷ HAProxy", Target.HaproxyKey, r => r.RequestsPerSecond);
        yield return ToOther("p99 ÷ HAProxy", Target.HaproxyKey, r => r.P99);
    }

    private static Column Median(string title, Func<Run, double> figure, string format) =>
        new(title, (target, rounds) => Spread.Text(rounds.Of(target.Key, figure), format));

    private static Column ToOther(string title, string other, Func<Run, double> figure) =>
        new(title, (target, rounds) => Ratio.Text(rounds.Ratio(target.Key, other, figure), "0.00"));

    // One connection more than there should be is worth knowing, even in a single round.
    private static string ConnectionsText(Target target, Rounds<Run> rounds)
    {
        Spread? connections = rounds.Of(target.Key, r => r.Connections);
        return connections is null || connections.Least == connections.Most
            ? Spread.Text(connections, "N0")
            : Spread.WholeText(connections, "N0");
    }

    private sealed record Column(string Title, Func<Target, Rounds<Run>, string> Text);
}
