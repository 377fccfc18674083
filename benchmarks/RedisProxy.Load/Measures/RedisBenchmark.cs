using System.Globalization;

using RedisProxy.Testing;

namespace RedisProxy.Load.Measures;

/// <summary>Runs redis-benchmark once against one target, and takes the forwarder's CPU time before and after.</summary>
internal static class RedisBenchmark
{
    // Without -r, redis-benchmark reads this very key.
    public const string KeyOfGet = "key:__rand_int__";

    private static readonly TimeSpan RunWithin = TimeSpan.FromMinutes(10);

    public static async Task PrepareAsync(RedisServer redis, Cell cell) =>
        await redis.CallAsync("SET", KeyOfGet, new string('x', cell.ValueBytes));

    public static async Task<Run> RunAsync(Target target, Cell cell, long requests)
    {
        using var folder = new TemporaryFolder("redis-benchmark");
        TimeSpan cpuBefore = target.Forwarder?.CpuTime ?? TimeSpan.Zero;
        await using ChildProcess benchmark = await ChildProcess.StartAsync(
            "redis-benchmark", "redis-benchmark", Arguments(target, cell, requests), folder.File("log"));
        int exitCode = await benchmark.WaitForExitAsync(RunWithin);
        TimeSpan cpu = (target.Forwarder?.CpuTime ?? TimeSpan.Zero) - cpuBefore;
        return exitCode == 0 && TryParse(benchmark.LogTail, out double[] figures)
            ? new Run(figures[0], figures[3], figures[5], cpu.TotalMicroseconds / requests) { Longest = figures[6] }
            : throw new InvalidOperationException(
                $"redis-benchmark against {target.Name} ended with exit code {exitCode}. Its last lines:\n{benchmark.LogTail}");
    }

    private static string[] Arguments(Target target, Cell cell, long requests) =>
    [
        "-h", "127.0.0.1", "-p", Text(target.Port), "-t", cell.Command, "--csv", "-k", cell.KeepsConnections ? "1" : "0",
        "-c", Text(cell.Clients), "-P", Text(cell.Pipeline), "-n", Text(requests),
    ];

    // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
    private static bool TryParse(string output, out double[] figures)
    {
        string line = output.Split('\n').LastOrDefault(l => l.StartsWith('"')) ?? "";
        string[] fields = line.Split(',');
        figures = fields.Length == 8 && fields[0] != "\"test\""
            ? [.. fields[1..].Select(f => double.Parse(f.Trim('"'), CultureInfo.InvariantCulture))]
            : [];
        return figures.Length == 7;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <param name="RequestsPerSecond">As redis-benchmark saw it.</param>
/// <param name="P50">Milliseconds.</param>
/// <param name="P99">Milliseconds.</param>
/// <param name="CpuPerRequest">Microseconds of the forwarder; 0 without one.</param>
internal sealed record Run(double RequestsPerSecond, double P50, double P99, double CpuPerRequest)
{
    /// <summary>Microseconds of redis itself.</summary>
    public double RedisCpuPerRequest { get; init; }

    /// <summary>Milliseconds that the slowest request took; 0 where it is not known.</summary>
    public double Longest { get; init; }

    /// <summary>Most connections that redis had from the target; 0 where nobody has looked.</summary>
    public double Connections { get; init; }

    public override string ToString()
    {
        string cpu = CpuPerRequest > 0 ? string.Create(CultureInfo.InvariantCulture, $", CPU {CpuPerRequest:0.00} µs each") : "";
        return string.Create(CultureInfo.InvariantCulture, $"{RequestsPerSecond:N0}/s{cpu}");
    }
}
