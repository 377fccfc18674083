using System.Globalization;

using RedisProxy.Load.Reporting;
using RedisProxy.Testing;

namespace RedisProxy.Load.Measures;

/// <summary>
/// The ways to one redis-server under load. In each round every target has one run, one after the other; ratios are
/// taken within a round, where the machine was the same for all.
/// </summary>
internal static class Traffic
{
    public static Measure Of(Cell cell, Judgement judgement) =>
        new(cell.Key, cell.Title, bench => MeasureAsync(bench, cell, judgement));

    /// <summary>Runs one cell against any targets: a warm-up, then the rounds.</summary>
    /// <param name="bench">Where.</param>
    /// <param name="targets">Each has at least one run in a round.</param>
    /// <param name="cell">What they do.</param>
    /// <param name="judged">Keys of those that have three.</param>
    public static async Task<Rounds<Run>> RunAsync(
        Bench bench, IReadOnlyList<Target> targets, Cell cell, IReadOnlyList<string> judged)
    {
        long requests = cell.Requests(bench.Options.Requests);
        await RedisBenchmark.PrepareAsync(bench.Redis, cell);
        foreach (Target target in targets)
        {
            // Not counted: the runtime compiles its hot paths again during the first hundred thousand requests, and everybody fills caches.
            await Bench.SayAsync($"{cell.Key}: warming up {target.Key}");
            await DriveAsync(target, cell, requests);
        }

        var byKey = targets.ToDictionary(t => t.Key);
        bool isSharing = byKey.Keys.Any(Target.Shares);
        return await Rounds<Run>.RunAsync(
            cell.Key,
            bench.Options.Rounds,
            Order([.. byKey.Keys], judged),
            key => isSharing ? RunWatchedAsync(bench, byKey[key], cell) : RunOnceAsync(bench, byKey[key], cell),
            run => run.ToString());
    }

    /// <summary>
    /// The runs of a round. Bars are about some of the targets. One run against one has an error of some ten per cent on a busy machine;
    /// three against three, each beside the others and before them as often as behind them, have about half of that.
    /// </summary>
    public static string[] Order(string[] keys, IReadOnlyList<string> judged)
    {
        string[] thrice = [.. judged.Where(keys.Contains)];
        string[] rest = [.. keys.Except(thrice)];
        string[] half = [.. rest.Take(rest.Length / 2)];
        return thrice.Length < 2 ? keys : [.. half, .. thrice, .. thrice.Reverse(), .. rest.Except(half), .. thrice];
    }

    public static string Title(Bench bench, Cell cell)
    {
        string requests = cell.Requests(bench.Options.Requests).ToString("N0", CultureInfo.InvariantCulture);
        return $"{cell.Title} ({requests} requests a run)";
    }

    private static Task<Run> DriveAsync(Target target, Cell cell, long requests) => cell.IsMultiplexed
        ? MultiplexerLoad.RunAsync(target, cell, requests)
        : RedisBenchmark.RunAsync(target, cell, requests);

    private static async Task<Run> RunWatchedAsync(Bench bench, Target target, Cell cell)
    {
        using BackendConnections connections = await BackendConnections.OpenAsync(bench.Redis);
        Task<Run> run = RunOnceAsync(bench, target, cell);
        await connections.WatchAsync(run);
        return (await run) with { Connections = connections.Most(bench.Started.Where(other => other.Key != target.Key)) };
    }

    private static async Task<Run> RunOnceAsync(Bench bench, Target target, Cell cell)
    {
        RedisServer redis = bench.Redis;
        long requests = cell.Requests(bench.Options.Requests);
        long connectionsBefore = await ConnectionsAsync(redis);
        TimeSpan redisCpuBefore = redis.Process.CpuTime;
        Run run = await DriveAsync(target, cell, requests);
        TimeSpan redisCpu = redis.Process.CpuTime - redisCpuBefore;
        long connections = await ConnectionsAsync(redis) - connectionsBefore;
        return cell.KeepsConnections || Target.Shares(target.Key) || connections >= requests
            ? run with { RedisCpuPerRequest = redisCpu.TotalMicroseconds / requests }
            : throw new InvalidOperationException($"{requests} requests through {target.Name} made only {connections} connections.");
    }

    private static async Task<MeasureResult> MeasureAsync(Bench bench, Cell cell, Judgement judgement)
    {
        Target[] targets = [.. (await bench.TargetsAsync()).Where(target => !cell.Without.Contains(target.Key))];
        Rounds<Run> rounds = await RunAsync(bench, targets, cell, judgement.Contestants);
        await rounds.DecideAsync(
            Order([.. judgement.Contestants], judgement.Contestants), bench.Options.MostRounds, () => judgement.Bars(cell, rounds));
        return new MeasureResult(Title(bench, cell), TrafficTable.Of(targets, rounds), judgement.Bars(cell, rounds));
    }

    private static async Task<long> ConnectionsAsync(RedisServer redis) =>
        long.Parse((await redis.InfoAsync("stats"))["total_connections_received"], CultureInfo.InvariantCulture);
}
