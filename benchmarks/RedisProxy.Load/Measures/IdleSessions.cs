using System.Globalization;

using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Measures;

/// <summary>Memory of thousands of sessions that have said PING once and are silent since. A fresh process each time.</summary>
internal static class IdleSessions
{
    private const int Sessions = 8000;

    private const int MaxRounds = 3;
    private const double MaxKilobytesEach = 2.9;
    private const double AimedKilobytesEach = 1.5;
    private const double MaxMegabytesEmpty = 32;
    private const double MaxMegabytesFull = 56;
    private const double AimedMegabytes = 24;

    public static Measure Measure { get; } = new("idle", $"memory of {Text(Sessions, "0")} idle sessions", RunAsync);

    private static async Task<MeasureResult> RunAsync(Bench bench)
    {
        OpenFiles.Require(Sessions);
        string[] targets = [.. bench.Options.Targets.Where(key => key != Target.DirectKey && !Target.Shares(key)).Distinct()];
        if (targets.Length == 0)
        {
            throw new InvalidOperationException("None of the targets is a forwarder, so there is no memory to measure.");
        }

        int rounds = Math.Min(bench.Options.Rounds, MaxRounds);
        var names = new Dictionary<string, string>();
        Rounds<IdleGrowth> growths = await Rounds<IdleGrowth>.RunAsync(
            Measure.Key, rounds, targets, key => IdleGrowth.MeasureAsync(bench, key, Sessions, names), growth => growth.ToString());
        string[] titles = ["", "MB without sessions", $"MB with {Text(Sessions, "N0")}", "KB/session"];
        return new MeasureResult(
            $"Memory of {Text(Sessions, "N0")} idle sessions (1 MB = 1,048,576 B; anonymous and shared memory, growth of the "
                + $"anonymous alone; a fresh process each time, medians of {Text(rounds, "0")})",
            [titles, .. targets.Select(key => Row(names[key], key, growths))],
            Bars(growths));
    }

    private static string[] Row(string name, string key, Rounds<IdleGrowth> growths) =>
    [
        name,
        Spread.Text(growths.Of(key, g => g.MegabytesEmpty), "0.0"),
        Spread.Text(growths.Of(key, g => g.MegabytesFull), "0.0"),
        Spread.WholeText(growths.Of(key, g => g.KilobytesEach), "0.00"),
    ];

    private static IReadOnlyList<Bar> Bars(Rounds<IdleGrowth> growths)
    {
        Bar Of(string what, Func<IdleGrowth, double> figure, double max, double aim) =>
            new(Measure.Key, what, growths.Of(Target.ProxyKey, figure)?.Median, Limit.AtMost(max, "0.00"))
            {
                Aim = Limit.AtMost(aim, "0.00"),
            };
        return
        [
            Of("KB/session", g => g.KilobytesEach, MaxKilobytesEach, AimedKilobytesEach),
            Of("MB without sessions", g => g.MegabytesEmpty, MaxMegabytesEmpty, AimedMegabytes),
            Of($"MB with {Text(Sessions, "N0")} sessions", g => g.MegabytesFull, MaxMegabytesFull, AimedMegabytes),
        ];
    }

    private static string Text(int number, string format) => number.ToString(format, CultureInfo.InvariantCulture);
}
