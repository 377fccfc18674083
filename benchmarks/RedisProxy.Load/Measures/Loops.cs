using System.Globalization;

using RedisProxy.Load.Reporting;
using RedisProxy.Testing;

namespace RedisProxy.Load.Measures;

/// <summary>Whether a second event loop costs anything: one loop against two, under the same load.</summary>
internal static class Loops
{
    private const double MaxRatio = 1.05;
    private const string One = "1 loop";
    private const string Two = "2 loops";

    private static readonly Cell Load =
        new("loops", "RedisProxy with 1 and with 2 loops; GET 100 B, 200 clients, no pipelining", 200, 1, 100, 1);

    public static Measure Measure { get; } = new(Load.Key, Load.Title, RunAsync);

    private static async Task<MeasureResult> RunAsync(Bench bench)
    {
        await using ProxyProcess oneLoop = await Target.StartProxyAsync(bench.Redis, 1);
        await using ProxyProcess twoLoops = await Target.StartProxyAsync(bench.Redis, 2);
        Rounds<Run> rounds = await Traffic.RunAsync(bench, [Target.Of(One, oneLoop), Target.Of(Two, twoLoops)], Load, []);
        string[] Row(string key) =>
        [
            key,
            Spread.Text(rounds.Of(key, r => r.RequestsPerSecond), "N0"),
            Spread.Text(rounds.Of(key, r => r.P99), "0.000"),
            Spread.Text(rounds.Of(key, r => r.CpuPerRequest), "0.00"),
            Ratio.Text(rounds.Ratio(key, One, r => r.CpuPerRequest), "0.00"),
        ];

        Ratio? ratio = rounds.Ratio(Two, One, r => r.CpuPerRequest);
        string what = string.Create(CultureInfo.InvariantCulture, $"CPU/request, {Two} ÷ {One}");
        return new MeasureResult(
            Traffic.Title(bench, Load),
            [["", "requests/s", "p99 ms", "CPU µs/request", $"CPU ÷ {One}"], Row(One), Row(Two)],
            [new Bar(Load.Key, what, ratio?.Centre, Limit.AtMost(MaxRatio)) { Error = ratio?.Error }]);
    }
}
