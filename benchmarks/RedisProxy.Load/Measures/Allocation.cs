using System.Diagnostics;
using System.Globalization;

using RedisProxy.Load.Reporting;
using RedisProxy.Testing;

namespace RedisProxy.Load.Measures;

/// <summary>
/// What RedisProxy allocates on the managed heap for a request once all clients are connected. Between two scrapes of its own counter a
/// known number of requests pass; what two scrapes and as much time cost without any load is taken off.
/// </summary>
internal static class Allocation
{
    private const string Allocated = "redisproxy_managed_allocated_bytes_total";
    private const string Answered = "redisproxy_requests_total";
    private const double MaxBytes = 1;

    // A million by default.
    private const double RunsOfBase = 20;

    private static readonly TimeSpan MeasureWithin = TimeSpan.FromMinutes(10);

    public static Measure Measure { get; } =
        new("allocation", "managed memory that RedisProxy allocates per request, in steady state", RunAsync);

    private static async Task<MeasureResult> RunAsync(Bench bench)
    {
        Cell cell = Cell.Base;
        var requests = (long)(cell.Requests(bench.Options.Requests) * RunsOfBase);
        await using ProxyProcess proxy = await Target.StartProxyAsync(bench.Redis, 1);
        Target target = Target.Of(Target.ProxyKey, proxy);
        await RedisBenchmark.PrepareAsync(bench.Redis, cell);
        await Bench.SayAsync("allocation: warming up");
        await RedisBenchmark.RunAsync(target, cell, requests / 2);
        await proxy.ScrapeAsync();

        await Bench.SayAsync($"allocation: {requests.ToString("N0", CultureInfo.InvariantCulture)} requests");
        // More than are counted, so that the load begins before the first scrape and lasts until the second.
        Task<Run> load = RedisBenchmark.RunAsync(target, cell, requests + (requests / 4));
        long before = await AnsweredByRedisAsync(bench.Redis);
        await UntilAnsweredAsync(bench.Redis, load, before + (requests / 20));
        long start = Stopwatch.GetTimestamp();
        (double Bytes, double Requests) first = await ScrapeAsync(proxy);
        await UntilAnsweredAsync(bench.Redis, load, before + (requests / 20) + requests);
        (double Bytes, double Requests) second = await ScrapeAsync(proxy);
        TimeSpan duration = Stopwatch.GetElapsedTime(start);
        await load;

        await Bench.SayAsync(string.Create(CultureInfo.InvariantCulture, $"allocation: idle for {duration.TotalSeconds:0} s"));
        double idleFirst = (await ScrapeAsync(proxy)).Bytes;
        await Task.Delay(duration, TimeProvider.System);
        double idle = (await ScrapeAsync(proxy)).Bytes - idleFirst;

        return Result(second.Requests - first.Requests, second.Bytes - first.Bytes, idle);
    }

    private static MeasureResult Result(double requests, double loaded, double idle)
    {
        // Noise of the idle half can make it less than nothing.
        double each = Math.Max(0, loaded - idle) / requests;
        string Text(double number) => number.ToString("N0", CultureInfo.InvariantCulture);
        return new MeasureResult(
            $"Managed allocation of RedisProxy in steady state ({Cell.Base.Title})",
            [
                ["", "requests", "bytes under load", "bytes idle, as long", "bytes/request"],
                ["RedisProxy", Text(requests), Text(loaded), Text(idle), each.ToString("0.000", CultureInfo.InvariantCulture)],
            ],
            [new Bar(Measure.Key, "bytes/request", each, Limit.AtMost(MaxBytes, "0.000")) { Aim = Limit.AtMost(0, "0.000") }]);
    }

    private static async Task<(double Bytes, double Requests)> ScrapeAsync(ProxyProcess proxy)
    {
        MetricsSnapshot metrics = await proxy.ScrapeAsync();
        return (metrics.Value(Allocated), metrics.Sum(Answered));
    }

    // Asked of redis, because asking the proxy more often would make it allocate more often.
    private static Task UntilAnsweredAsync(RedisServer redis, Task<Run> load, long commands) => Eventually.Within(
        MeasureWithin,
        async () => await AnsweredByRedisAsync(redis) >= commands || load.IsCompleted,
        $"{commands} commands have passed");

    private static async Task<long> AnsweredByRedisAsync(RedisServer redis) =>
        long.Parse((await redis.InfoAsync("stats"))["total_commands_processed"], CultureInfo.InvariantCulture);
}
