using System.Diagnostics;
using System.Globalization;

using StackExchange.Redis;

namespace RedisProxy.Load.Measures;

/// <summary>An application on .NET: callers that share one multiplexer, each with one request at a time.</summary>
internal static class MultiplexerLoad
{
    public static async Task<Run> RunAsync(Target target, Cell cell, long requests)
    {
        string options = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{target.Port},configChannel=");
        await using ConnectionMultiplexer multiplexer = await ConnectionMultiplexer.ConnectAsync(options);
        IDatabase database = multiplexer.GetDatabase();
        int each = (int)(requests / cell.Clients);
        TimeSpan cpuBefore = target.Forwarder?.CpuTime ?? TimeSpan.Zero;
        long start = Stopwatch.GetTimestamp();
        double[][] took = await Task.WhenAll(Enumerable.Range(0, cell.Clients).Select(_ => CallAsync(database, cell, each)));
        TimeSpan whole = Stopwatch.GetElapsedTime(start);
        TimeSpan cpu = (target.Forwarder?.CpuTime ?? TimeSpan.Zero) - cpuBefore;
        double[] sorted = [.. took.SelectMany(static ms => ms).Order()];
        return new Run(
            sorted.Length / whole.TotalSeconds,
            sorted[sorted.Length / 2],
            sorted[sorted.Length * 99 / 100],
            cpu.TotalMicroseconds / sorted.Length);
    }

    /// <returns>What each request took, in milliseconds.</returns>
    private static async Task<double[]> CallAsync(IDatabase database, Cell cell, int requests)
    {
        double[] took = new double[requests];
        for (int i = 0; i < requests; i++)
        {
            long start = Stopwatch.GetTimestamp();
            RedisValue value = await database.StringGetAsync(RedisBenchmark.KeyOfGet);
            took[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (value.Length() != cell.ValueBytes)
            {
                throw new InvalidOperationException($"GET returned {value.Length()} bytes, not {cell.ValueBytes}.");
            }
        }

        return took;
    }
}
