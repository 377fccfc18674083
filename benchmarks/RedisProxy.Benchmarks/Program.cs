using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace RedisProxy.Benchmarks;

/// <summary>Measures the parts of the data plane that run once per message. <c>--help</c> tells how.</summary>
internal static class Program
{
    private const string Help =
        """
        Micro-benchmarks of RedisProxy. Run a release build on a quiet machine:

          dotnet run -c Release --project benchmarks/RedisProxy.Benchmarks -- [options]

          (nothing)         a short run of all benchmarks, in this process: about one minute
          --long            each benchmark in a process of its own and until the mean is steady; to be started in the repository
          --check           exit code 1 when a benchmark allocates; figures of speed are never judged
          --figures <file>  writes the figures to that file, for other programs: name, nanoseconds (median), bytes of an operation
          --filter <glob>   only benchmarks whose full name matches, such as '*Reply*'
          --help            this text

        An operation is one request, one reply or one array element, so "Mean" is time per message (or element); on a busy machine
        "Min" says more.
        "Allocated" must be 0 ("-"): scanners keep counters only. Anything else is passed to BenchmarkDotNet.
        """;

    [SuppressMessage("ApiDesign", "RS0030", Justification = "A command-line tool talks on the console.")]
    public static int Main(string[] args)
    {
        if (args.Contains("--help"))
        {
            Console.WriteLine(Help);
            return 0;
        }

        bool isLong = args.Contains("--long");
        bool isCheck = args.Contains("--check");
        List<string> rest = [.. args.Except(["--long", "--check"])];
        string? figuresFile = TakeValue(rest, "--figures");
        if (!rest.Contains("--filter"))
        {
            rest.AddRange(["--filter", "*"]);
        }

        IReadOnlyList<Summary> summaries =
            [.. BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. rest], Configure(isLong))];
        List<string> allocating = [.. summaries.SelectMany(FindAllocating)];
        bool hasFailed = summaries.Count == 0 || summaries.Any(s => s.HasCriticalValidationErrors || s.Reports.Any(r => !r.Success));
        foreach (string name in allocating)
        {
            Console.WriteLine($"allocates: {name}");
        }

        if (figuresFile is not null)
        {
            File.WriteAllLines(figuresFile, summaries.SelectMany(s => s.Reports).Where(r => r.Success).Select(FigureLine));
        }

        return hasFailed || (isCheck && allocating.Count > 0) ? 1 : 0;
    }

    // Removes the option and what follows it.
    private static string? TakeValue(List<string> arguments, string option)
    {
        int at = arguments.IndexOf(option);
        if (at < 0 || at + 1 == arguments.Count)
        {
            return null;
        }

        string value = arguments[at + 1];
        arguments.RemoveRange(at, 2);
        return value;
    }

    private static string FigureLine(BenchmarkReport report)
    {
        MethodInfo method = report.BenchmarkCase.Descriptor.WorkloadMethod;
        int? bytes = method.GetCustomAttribute<BytesPerOperationAttribute>()?.Bytes;
        return string.Create(
            CultureInfo.InvariantCulture, $"{method.DeclaringType!.Name}.{method.Name}\t{report.ResultStatistics!.Median}\t{bytes}");
    }

    // Both toolchains work here. The generated project of the out-of-process one has to be restored and built first (about ten seconds
    // and, with a cold package cache, a package source), so it serves long runs, where the isolation is worth it.
    private static ManualConfig Configure(bool isLong) => ManualConfig.Create(DefaultConfig.Instance)
        .AddColumn(StatisticColumn.Min, new ThroughputColumn())
        .HideColumns(Column.Error, Column.StdDev, Column.Median)
        .AddJob(isLong ? Job.Default : Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));

    private static IEnumerable<string> FindAllocating(Summary summary) =>
        from report in summary.Reports
        where report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) is null or > 0
        select report.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo;
}
