using System.Globalization;

using RedisProxy.Load.Failover;
using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Measures;

/// <summary>
/// SIGKILL of the master under thousands of sessions, each of which sends one request just after it: how soon after Sentinel's switch the
/// first and the last is served. Times are judged by the median, since a busy machine can spoil a round; answers by all rounds, since
/// nothing excuses those.
/// </summary>
internal static class Recover
{
    private const int Sessions = 8000;
    private const int MaxRounds = 3;
    private const double MaxFirstReplyMs = 50;
    private const double MaxLastServedMs = 1000;

    // With less than 2 s Sentinels, which ask once a second, take servers for dead that are not.
    private static readonly TimeSpan DownAfter = TimeSpan.FromSeconds(2);

    public static Measure Measure { get; } =
        new("recover", $"SIGKILL of the master under {Text(Sessions, "N0")} sessions, until all are served again", RunAsync);

    private static async Task<MeasureResult> RunAsync(Bench bench)
    {
        int rounds = Math.Min(bench.Options.Rounds, MaxRounds);
        await Bench.SayAsync($"{Measure.Key}: starting Sentinels and servers");
        await using RecoverStage stage = await RecoverStage.StartAsync(Sessions, DownAfter);
        var recoveries = new List<Recovery>();
        while (recoveries.Count < rounds)
        {
            recoveries.Add(await stage.RecoverAsync());
            await Bench.SayAsync($"{Measure.Key}: round {recoveries.Count} of {rounds}, {recoveries[^1]}");
        }

        Spread first = Spread.Of(recoveries.Select(r => r.FirstReplyMs));
        Spread last = Spread.Of(recoveries.Select(r => r.LastServedMs));
        int unanswered = recoveries.Sum(r => r.Sessions - r.Answered);
        return new MeasureResult(
            $"{Measure.Title} (medians of {Text(rounds, "0")}, from the first Sentinel's switch)",
            [
                ["", "first reply ms", "last reply ms", "without the right reply"],
                ["RedisProxy", Spread.WholeText(first, "0"), Spread.WholeText(last, "0"), Text(unanswered, "N0")],
            ],
            [
                new Bar(Measure.Key, "ms to the first reply", first.Median, Limit.AtMost(MaxFirstReplyMs, "0")),
                new Bar(Measure.Key, "ms to the last reply", last.Median, Limit.AtMost(MaxLastServedMs, "0")),
                new Bar(Measure.Key, "sessions without the right reply", unanswered, Limit.AtMost(0, "0")),
            ]);
    }

    private static string Text(int number, string format) => number.ToString(format, CultureInfo.InvariantCulture);
}
