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
    // Rounds of a check, as a multiple of --rounds.
    private const int MaxExtension = 3;
    private const double MaxCpuRatio = 1.00;
    private const double AimedCpuToFloor = 1.1;
    private const double MinThroughputRatio = 1.00;
    private const double MaxP99Ratio = 1.05;
    private const double AimedP99Ratio = 1.00;
    private const double MaxConnectRatio = 1.3;
    private const double AimedConnectRatio = 1.0;

    private static readonly Cell Connecting = new("connect", "connect, PING, close; 50 clients", 50, 1, 100, 0.15)
    {
        Command = "ping_mbulk",
        KeepsConnections = false,
    };

    public static Measure Of(Cell cell) => new(cell.Key, cell.Title, bench => MeasureAsync(bench, cell, CellBars));

    /// <summary>Without a bar: most of it is the client's time.</summary>
    public static Measure Multiplexer { get; } =
        new(Cell.Multiplexer.Key, Cell.Multiplexer.Title, bench => MeasureAsync(bench, Cell.Multiplexer, static (_, _) => []));

    public static Measure Connect { get; } =
        new(Connecting.Key, Connecting.Title, bench => MeasureAsync(bench, Connecting, ConnectBars));

    /// <summary>Runs one cell against any targets: a warm-up, then the rounds.</summary>
    public static async Task<Rounds<Run>> RunAsync(Bench bench, IReadOnlyList<Target> targets, Cell cell)
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
        return await Rounds<Run>.RunAsync(
            cell.Key,
            bench.Options.Rounds,
            Order([.. byKey.Keys]),
            key => RunOnceAsync(bench.Redis, byKey[key], cell, requests),
            run => run.ToString());
    }

    // Bars are about these two. One run against one has an error of some ten per cent on a busy machine; three against three, each beside
    // the other and before it as often as behind it, have about half of that.
    private static string[] Order(string[] keys)
    {
        const string Peer = Target.HaproxyKey;
        const string Own = Target.ProxyKey;
        string[] rest = [.. keys.Except([Peer, Own])];
        string[] half = [.. rest.Take(rest.Length / 2)];
        return !keys.Contains(Peer) || !keys.Contains(Own) ? keys : [.. half, Peer, Own, Own, Peer, .. rest.Except(half), Peer, Own];
    }

    public static string Title(Bench bench, Cell cell)
    {
        string requests = cell.Requests(bench.Options.Requests).ToString("N0", CultureInfo.InvariantCulture);
        return $"{cell.Title} ({requests} requests a run)";
    }

    private static Task<Run> DriveAsync(Target target, Cell cell, long requests) => cell.IsMultiplexed
        ? MultiplexerLoad.RunAsync(target, cell, requests)
        : RedisBenchmark.RunAsync(target, cell, requests);

    private static async Task<Run> RunOnceAsync(RedisServer redis, Target target, Cell cell, long requests)
    {
        long connectionsBefore = await ConnectionsAsync(redis);
        TimeSpan redisCpuBefore = redis.Process.CpuTime;
        Run run = await DriveAsync(target, cell, requests);
        TimeSpan redisCpu = redis.Process.CpuTime - redisCpuBefore;
        long connections = await ConnectionsAsync(redis) - connectionsBefore;
        return cell.KeepsConnections || Target.Shares(target.Key) || connections >= requests
            ? run with { RedisCpuPerRequest = redisCpu.TotalMicroseconds / requests }
            : throw new InvalidOperationException($"{requests} requests through {target.Name} made only {connections} connections.");
    }

    private static async Task<MeasureResult> MeasureAsync(Bench bench, Cell cell, Func<Cell, Rounds<Run>, IReadOnlyList<Bar>> bars)
    {
        // A multiplexer chooses its connection's protocol and name, which strangers on the same connection would be given, too.
        Target[] targets = [.. (await bench.TargetsAsync()).Where(target => !cell.IsMultiplexed || !Target.Shares(target.Key))];
        Rounds<Run> rounds = await RunAsync(bench, targets, cell);
        int most = MaxExtension * bench.Options.Rounds;
        while (bench.Options.Check && rounds.Count < most && bars(cell, rounds).Any(bar => !bar.IsDecided))
        {
            await rounds.AddAsync(Order([Target.HaproxyKey, Target.ProxyKey]), most);
        }

        string[] titles =
        [
            "", "requests/s", "p50 ms", "p99 ms", "CPU µs/request", "redis µs/request",
            "CPU ÷ HAProxy", "CPU ÷ floor", "requests/s ÷ HAProxy", "p99 ÷ HAProxy",
        ];
        return new MeasureResult(Title(bench, cell), [titles, .. targets.Select(t => Row(t, rounds))], bars(cell, rounds));
    }

    private static string[] Row(Target target, Rounds<Run> rounds) =>
    [
        target.Name,
        Spread.Text(rounds.Of(target.Key, r => r.RequestsPerSecond), "N0"),
        Spread.Text(rounds.Of(target.Key, r => r.P50), "0.000"),
        Spread.Text(rounds.Of(target.Key, r => r.P99), "0.000"),
        target.Forwarder is null ? "" : Spread.Text(rounds.Of(target.Key, r => r.CpuPerRequest), "0.00"),
        Spread.Text(rounds.Of(target.Key, r => r.RedisCpuPerRequest), "0.00"),
        Ratio.Text(rounds.Ratio(target.Key, Target.HaproxyKey, r => r.CpuPerRequest), "0.00"),
        Ratio.Text(rounds.Ratio(target.Key, Target.FloorKey, r => r.CpuPerRequest), "0.00"),
        Ratio.Text(rounds.Ratio(target.Key, Target.HaproxyKey, r => r.RequestsPerSecond), "0.00"),
        Ratio.Text(rounds.Ratio(target.Key, Target.HaproxyKey, r => r.P99), "0.00"),
    ];

    private static IReadOnlyList<Bar> CellBars(Cell cell, Rounds<Run> rounds) =>
    [
        ToHaproxy(cell, "CPU/request", rounds, r => r.CpuPerRequest, Limit.AtMost(MaxCpuRatio)) with
        {
            Aim = Limit.AtMost(AimedCpuToFloor),
            AimWhat = "÷ floor",
            AimFigure = rounds.Ratio(Target.ProxyKey, Target.FloorKey, r => r.CpuPerRequest)?.Centre,
        },
        ToHaproxy(cell, "requests/s", rounds, r => r.RequestsPerSecond, Limit.AtLeast(MinThroughputRatio)),
        ToHaproxy(cell, "p99", rounds, r => r.P99, Limit.AtMost(MaxP99Ratio)) with { Aim = Limit.AtMost(AimedP99Ratio) },
    ];

    private static IReadOnlyList<Bar> ConnectBars(Cell cell, Rounds<Run> rounds) =>
    [
        ToHaproxy(cell, "CPU/connection", rounds, r => r.CpuPerRequest, Limit.AtMost(MaxConnectRatio)) with
        {
            Aim = Limit.AtMost(AimedConnectRatio),
        },
    ];

    private static Bar ToHaproxy(Cell cell, string what, Rounds<Run> rounds, Func<Run, double> figure, Limit limit)
    {
        Ratio? ratio = rounds.Ratio(Target.ProxyKey, Target.HaproxyKey, figure);
        return new Bar(cell.Key, $"{what} ÷ HAProxy", ratio?.Centre, limit)
        {
            Error = ratio?.Error,
            Floor = rounds.Ratio(Target.FloorKey, Target.HaproxyKey, figure)?.Centre,
        };
    }

    private static async Task<long> ConnectionsAsync(RedisServer redis) =>
        long.Parse((await redis.InfoAsync("stats"))["total_connections_received"], CultureInfo.InvariantCulture);
}
