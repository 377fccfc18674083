using System.Globalization;

using RedisProxy.Load.Measures;
using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Sharing;

/// <summary>
/// Thousands of clients that have said PING once and are silent since, with a shared link and beside it with a connection for each: what
/// redis sees of them, and what memory they cost. A fresh process each time.
/// </summary>
internal static class Crowd
{
    private const int Most = 10_000;
    private const int Fewest = 8000;
    private const int MaxRounds = 3;
    private const double MaxConnections = 8;
    private const double MaxKilobytesEach = 1.6;

    public static Measure Measure { get; } =
        new("crowd", $"memory and connections of {Text(Most)} idle clients ({Text(Fewest)} if open files are short)", RunAsync);

    /// <summary>As many as that limit of open files lets all targets have.</summary>
    public static int ClientsWithin(long? limit) => OpenFiles.Allow(Most, limit) ? Most : Fewest;

    private static async Task<MeasureResult> RunAsync(Bench bench)
    {
        int clients = ClientsWithin(OpenFiles.Limit);
        OpenFiles.Require(clients);
        string[] targets = [.. new[] { Target.ProxyKey, Target.SharedKey }.Where(bench.Options.Targets.Contains)];
        if (!targets.Contains(Target.SharedKey))
        {
            throw new InvalidOperationException($"The target {Target.SharedKey} is not among those that were asked for.");
        }

        int rounds = Math.Min(bench.Options.Rounds, MaxRounds);
        var names = new Dictionary<string, string>();
        Rounds<IdleGrowth> growths = await Rounds<IdleGrowth>.RunAsync(
            Measure.Key, rounds, targets, key => IdleGrowth.MeasureAsync(bench, key, clients, names), growth => growth.ToString());
        string[] titles = ["", "connections at redis, at most", "MB without clients", $"MB with {Text(clients)}", "KB/client"];
        return new MeasureResult(
            $"{Text(clients)} idle clients (1 MB = 1,048,576 B; anonymous and shared memory, growth of the anonymous alone; "
                + $"a fresh process each time, medians of {Text(rounds)})",
            [titles, .. targets.Select(key => Row(names[key], key, growths))],
            [
                new Bar(
                    Measure.Key,
                    "connections at redis",
                    growths.Of(Target.SharedKey, g => g.Connections)?.Most,
                    Limit.AtMost(MaxConnections, "0")),
                new Bar(
                    Measure.Key,
                    "KB/client",
                    growths.Of(Target.SharedKey, g => g.KilobytesEach)?.Median,
                    Limit.AtMost(MaxKilobytesEach, "0.00")),
            ]);
    }

    private static string[] Row(string name, string key, Rounds<IdleGrowth> growths) =>
    [
        name,
        growths.Of(key, g => g.Connections) is { } connections ? Text((int)connections.Most) : "",
        Spread.Text(growths.Of(key, g => g.MegabytesEmpty), "0.0"),
        Spread.Text(growths.Of(key, g => g.MegabytesFull), "0.0"),
        Spread.WholeText(growths.Of(key, g => g.KilobytesEach), "0.00"),
    ];

    private static string Text(int number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
