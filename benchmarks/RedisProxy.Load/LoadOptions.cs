using System.Globalization;

using RedisProxy.Load.Measures;
using RedisProxy.Load.Reporting;

namespace RedisProxy.Load;

/// <summary>What was asked for.</summary>
internal sealed record LoadOptions
{
    public static string Help { get; } = $"""
        Usage: benchmarks/load [--cells LIST] [--rounds N] [--requests N] [--targets LIST]
                               [--markdown FILE] [--check]

        Compares ways to reach one redis-server on this machine, and measures everything else
        for which RedisProxy (with one loop) has a bar. In each round every target has one run,
        HAProxy and RedisProxy three, interleaved; figures are medians. Ratios are taken within
        a round, so that machine noise affects all targets alike. CPU per request is the user
        and system time of the forwarder's process. Progress goes to standard error.

          --cells LIST    What to measure, comma-separated, or "all".
                          Default {Measure.Default.Key}; with --check all.
        {string.Join('\n', Measure.All.Select(m => $"                            {m.Key,-10} {m.Title}"))}
          --rounds N      Default {DefaultRounds}. Prefer an odd number: the median is then a measured value.
          --requests N    Requests per run of the cell "{Measure.Default.Key}"; runs of other cells
                          take about as long. Default {DefaultRequests}.
          --targets LIST  Of {string.Join(", ", Target.Keys)}, or "all".
                          Default: all but {Target.NutcrackerKey} and {Target.SharedFloorKey}, which share one
                          connection to redis, and {Target.PipelinesKey}, RedisProxy with its portable transport.
          --markdown FILE Replaces the "{LoadReport.Section}" section of this document of the repository with
                          the result, as Markdown: docs/performance.md. "-" is standard output.
                          Refuses when a bar is missed for which the document gives no reason.
          --check         Judges the result: a line for each bar, and exit code 1 when one is
                          missed. While a cell's figure lies within two standard errors of its
                          bar, HAProxy and RedisProxy get further rounds, up to three times
                          --rounds.
          --help          This text.

        The program measured is the native one that "dotnet publish" makes. The environment
        variable REDISPROXY_PROGRAM names another one, or a RedisProxy.dll.
        """;

    private const int DefaultRounds = 21;
    private const long DefaultRequests = 40_000;

    public IReadOnlyList<Measure> Measures { get; init; } = [Measure.Default];

    public int Rounds { get; init; } = DefaultRounds;

    public long Requests { get; init; } = DefaultRequests;

    public IReadOnlyList<string> Targets { get; init; } = Target.DefaultKeys;

    /// <summary>Where the result goes as Markdown; null: to the terminal as plain text.</summary>
    public string? MarkdownFile { get; init; }

    public bool Check { get; init; }

    public bool ShowHelp { get; init; }

    /// <exception cref="FormatException">The message is for the user.</exception>
    public static LoadOptions Parse(IEnumerable<string> arguments)
    {
        var options = new LoadOptions();
        Measure[]? measures = null;
        using IEnumerator<string> words = arguments.GetEnumerator();
        while (words.MoveNext())
        {
            string name = words.Current;
            string Value() => words.MoveNext() ? words.Current : throw new FormatException($"{name} needs a value; see --help.");
            options = name switch
            {
                "--rounds" => options with { Rounds = (int)Number(name, Value(), 1000) },
                "--cells" => options with { Measures = measures = ParseMeasures(Value()) },
                "--requests" => options with { Requests = Number(name, Value(), 1_000_000_000) },
                "--targets" => options with { Targets = ParseTargets(Value()) },
                "--markdown" => options with { MarkdownFile = Value() },
                "--check" => options with { Check = true },
                "--help" or "-h" => options with { ShowHelp = true },
                _ => throw new FormatException($"Unknown argument '{name}'; see --help."),
            };
        }

        if (options.Check && !(options.Targets.Contains(Target.HaproxyKey) && options.Targets.Contains(Target.ProxyKey)))
        {
            throw new FormatException("--check needs the targets haproxy and proxy.");
        }

        return options.Check && measures is null ? options with { Measures = Measure.All } : options;
    }

    private static long Number(string name, string text, long most) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= 1 && value <= most
            ? value
            : throw new FormatException($"{name} takes a number from 1 to {most}, not '{text}'.");

    private static Measure[] ParseMeasures(string text) => text == "all"
        ? [.. Measure.All]
        : [.. text.Split(',').Select(key => Measure.All.FirstOrDefault(m => m.Key == key)
            ?? throw new FormatException($"No cell '{key}'; there are {string.Join(", ", Measure.All.Select(m => m.Key))}."))];

    private static string[] ParseTargets(string text) =>
        text == "all" ? [.. Target.Keys] : [.. text.Split(',').Select(key => Target.Keys.Contains(key)
            ? key
            : throw new FormatException($"No target '{key}'; there are {string.Join(", ", Target.Keys)}."))];
}
