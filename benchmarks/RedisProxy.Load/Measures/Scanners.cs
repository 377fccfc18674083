using System.Globalization;

using RedisProxy.Load.Reporting;
using RedisProxy.Testing;

namespace RedisProxy.Load.Measures;

/// <summary>How fast the scanners of requests and replies are: a part of <c>benchmarks/RedisProxy.Benchmarks</c>, in a short job.</summary>
internal static class Scanners
{
    private const double MinGigabytes = 2;
    private const double MaxNanosecondsEach = 6;

    private const string Requests = "RequestScanning.Sets";
    private const string LargeRequests = "RequestScanning.LargeSet";
    private const string LargeReplies = "ReplyScanning.LargeBulk";
    private const string Elements = "ReplyScanning.Array";

    // A mean of seven of them, because a busy machine spoils some.
    private const int Iterations = 7;

    private static readonly TimeSpan RunWithin = TimeSpan.FromMinutes(5);

    public static Measure Measure { get; } = new("scanner", "speed of the scanners, without a network", RunAsync);

    private static async Task<MeasureResult> RunAsync(Bench bench)
    {
        await Bench.SayAsync("scanner: running its benchmarks");
        using var folder = new TemporaryFolder("scanners");
        string figuresFile = folder.File("figures");
        string dll = Path.Combine(
            ProxyProgram.RepositoryRoot(), "benchmarks/RedisProxy.Benchmarks/bin/Release/net10.0/RedisProxy.Benchmarks.dll");
        string[] names = [Requests, LargeRequests, LargeReplies, Elements];
        (string program, string[] arguments) = ProxyProgram.Command(
            dll,
            [
                "--figures", figuresFile, "--artifacts", folder.Path,
                "--iterationCount", Iterations.ToString(CultureInfo.InvariantCulture),
                "--filter", .. names.Select(name => $"*.{name}"),
            ]);
        await using ChildProcess process = await ChildProcess.StartAsync("scanners", program, arguments, folder.File("log"));
        if (await process.WaitForExitAsync(RunWithin) is not 0 and int exitCode)
        {
            throw new InvalidOperationException($"The benchmarks ended with exit code {exitCode}. Their last lines:\n{process.LogTail}");
        }

        Dictionary<string, ScannerFigure> figures = ScannerFigure.Parse(await File.ReadAllLinesAsync(figuresFile));
        return new MeasureResult(
            "Scanners (each message, or element of an array)",
            [["", "ns", "GB/s"], .. names.Where(figures.ContainsKey).Select(name => Row(name, figures[name]))],
            [
                AtLeast("GB/s, requests of 100 B", Requests, figures),
                AtLeast("GB/s, skipping 64 KiB in requests", LargeRequests, figures),
                AtLeast("GB/s, skipping 64 KiB in replies", LargeReplies, figures),
                new Bar(
                    Measure.Key,
                    "ns/element, arrays of 1000",
                    figures.GetValueOrDefault(Elements)?.Nanoseconds,
                    Limit.AtMost(MaxNanosecondsEach, "0.00")),
            ]);
    }

    private static Bar AtLeast(string what, string name, Dictionary<string, ScannerFigure> figures) =>
        new(Measure.Key, what, figures.GetValueOrDefault(name)?.Gigabytes, Limit.AtLeast(MinGigabytes, "0.00"));

    private static string[] Row(string name, ScannerFigure figure) =>
    [
        name,
        figure.Nanoseconds.ToString("0.00", CultureInfo.InvariantCulture),
        figure.Gigabytes?.ToString("0.0", CultureInfo.InvariantCulture) ?? "",
    ];
}

/// <param name="Nanoseconds">Of an operation, median.</param>
/// <param name="Bytes">Of an operation, where it says so.</param>
internal sealed record ScannerFigure(double Nanoseconds, double? Bytes)
{
    // Bytes a nanosecond are gigabytes a second.
    public double? Gigabytes => Bytes / Nanoseconds;

    /// <summary>Lines as <c>--figures</c> of RedisProxy.Benchmarks writes them: name, nanoseconds, bytes, between tabs.</summary>
    public static Dictionary<string, ScannerFigure> Parse(IEnumerable<string> lines) =>
        lines.Select(line => line.Split('\t')).ToDictionary(parts => parts[0], parts => new ScannerFigure(
            double.Parse(parts[1], CultureInfo.InvariantCulture),
            parts[2].Length > 0 ? double.Parse(parts[2], CultureInfo.InvariantCulture) : null));
}
