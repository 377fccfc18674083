using System.Globalization;

using RedisProxy.Load.Measures;
using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Sharing;

/// <summary>
/// How long fifty modest clients wait when a greedy one is at the same listener: their p99 beside each kind of <see cref="Neighbour"/>,
/// over that of the same round when they are alone. The greedy client, too, needs processors of this machine, and redis makes everybody
/// wait while it copies a large value; what that costs without sharing is measured beside it.
/// </summary>
internal static class Neighbours
{
    private const double MaxRatio = 2;

    // Over that ratio with a connection for each client.
    private const double AimedToOneEach = 1.1;

    private const string Alone = "alone";

    private static readonly Cell Load = Cell.Base with { Key = "neighbours", Weight = 2 };

    // Into the run: what a client does that asks only once must happen while others are measured.
    private static readonly TimeSpan AskAfter = TimeSpan.FromMilliseconds(50);

    // Redis frees what was not read, and the connection of a client that has gone is closed.
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(200);

    public static Measure Measure { get; } = new(Load.Key, "p99 of 50 clients beside one that takes more than its part", RunAsync);

    private static async Task<MeasureResult> RunAsync(Bench bench)
    {
        Target[] targets =
        [
            .. (await bench.TargetsAsync()).Where(target => target.Key is Target.DirectKey or Target.ProxyKey or Target.SharedKey),
        ];
        await Neighbour.PrepareAsync(bench.Redis);
        Dictionary<string, Contestant> contestants = targets
            .SelectMany(target => ((Neighbour?[])[null, .. Neighbour.All]).Select(neighbour => new Contestant(target, neighbour)))
            .ToDictionary(contestant => contestant.Key);
        long requests = Load.Requests(bench.Options.Requests);
        Rounds<Run> rounds = await Rounds<Run>.RunAsync(
            Load.Key,
            bench.Options.Rounds,
            [.. contestants.Keys],
            key => RunOnceAsync(contestants[key], requests),
            run => string.Create(CultureInfo.InvariantCulture, $"{run}, p99 {run.P99:0.000} ms, longest {run.Longest:0.0} ms"));
        string[] judged = [.. contestants.Values.Where(c => c.Target.Key == Target.SharedKey).Select(c => c.Key)];
        await rounds.DecideAsync(judged, bench.Options.MostRounds, () => Bars(rounds));
        await Neighbour.CleanAsync(bench.Redis);
        return new MeasureResult(
            $"One client that takes more than its part; beside it {Traffic.Title(bench, Load)}",
            [["", "requests/s", "p50 ms", "p99 ms", "longest ms", "p99 ÷ alone"], .. contestants.Values.Select(c => Row(c, rounds))],
            Bars(rounds));
    }

    private static async Task<Run> RunOnceAsync(Contestant contestant, long requests)
    {
        Target target = contestant.Target;
        Task<Run> LoadAsync() => RedisBenchmark.RunAsync(target, Load, requests);
        if (contestant.Neighbour is not { } neighbour)
        {
            return await LoadAsync();
        }

        Run run;
        using (NeighbourClient client = await NeighbourClient.ConnectAsync(target.Port, neighbour))
        {
            run = neighbour.IsReading ? await client.WorkBesideAsync(LoadAsync) : await AskBesideAsync(client, LoadAsync());
        }

        await Task.Delay(SettleTime, TimeProvider.System);
        return run;
    }

    private static async Task<Run> AskBesideAsync(NeighbourClient client, Task<Run> load)
    {
        await Task.WhenAny(load, Task.Delay(AskAfter, TimeProvider.System));
        bool isInTime = !load.IsCompleted;
        await client.AskAsync();
        Run run = await load;
        return isInTime && client.IsAnswered
            ? run
            : throw new InvalidOperationException("The run was over before the other client had its answer; it needs more --requests.");
    }

    private static string[] Row(Contestant contestant, Rounds<Run> rounds) =>
    [
        $"{contestant.Target.Name}, {(contestant.Neighbour is { } neighbour ? $"beside {neighbour.Title}" : Alone)}",
        Spread.Text(rounds.Of(contestant.Key, r => r.RequestsPerSecond), "N0"),
        Spread.Text(rounds.Of(contestant.Key, r => r.P50), "0.000"),
        Spread.Text(rounds.Of(contestant.Key, r => r.P99), "0.000"),
        Spread.Text(rounds.Of(contestant.Key, r => r.Longest), "0.0"),
        Ratio.Text(ToAlone(contestant.Target.Key, contestant.Neighbour?.Key ?? Alone, rounds), "0.00"),
    ];

    public static IReadOnlyList<Bar> Bars(Rounds<Run> rounds) =>
    [
        .. Neighbour.All.Select(neighbour =>
        {
            Ratio? ratio = ToAlone(Target.SharedKey, neighbour.Key, rounds);
            return new Bar(Load.Key, $"p99 beside {neighbour.Title} ÷ alone", ratio?.Centre, Limit.AtMost(MaxRatio, "0.00"))
            {
                Error = ratio?.Error,
                Aim = Limit.AtMost(AimedToOneEach, "0.00"),
                AimWhat = "÷ RedisProxy's",
                AimFigure = ratio?.Centre / ToAlone(Target.ProxyKey, neighbour.Key, rounds)?.Centre,
            };
        }),
    ];

    private static Ratio? ToAlone(string target, string neighbour, Rounds<Run> rounds) =>
        rounds.Ratio(Contestant.KeyOf(target, neighbour), Contestant.KeyOf(target, Alone), r => r.P99);

    /// <param name="Target">By which all of them reach redis.</param>
    /// <param name="Neighbour">Null: they are alone.</param>
    private sealed record Contestant(Target Target, Neighbour? Neighbour)
    {
        public string Key => KeyOf(Target.Key, Neighbour?.Key ?? Alone);

        public static string KeyOf(string target, string neighbour) => $"{target}, {neighbour}";
    }
}
