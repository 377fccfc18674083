using System.Globalization;

using RedisProxy.Load.Measures;
using RedisProxy.Load.Sharing;

namespace RedisProxy.Load;

/// <summary>What was asked for.</summary>
internal sealed record LoadOptions
{
    public static string Help { get; } = $"""
        Usage: benchmarks/load [--multiplex] [--cells LIST] [--rounds N] [--requests N]
                               [--targets LIST] [--markdown FILE] [--check]

        Compares ways to reach one redis-server on this machine, and measures everything else
        for which RedisProxy (with one loop) has a bar. In each round every target has one run,
        those that bars are about three, interleaved; figures are medians. Ratios are taken
        within a round, so that machine noise affects all targets alike. CPU per request is the
        user and system time of the forwarder's process. Progress goes to standard error.

          --cells LIST    What to measure, comma-separated, or "all".
                          Default {Measure.Default.Key}; with --check all.
        {string.Join('\n', Measure.All.Select(m => $"                            {m.Key,-11} {m.Title}"))}
          --multiplex     Instead: clients that share connections to redis ("{Target.SharedKey}"). All cells
                          and the targets {string.Join(", ", Target.MultiplexKeys.Take(3))},
                          {string.Join(", ", Target.MultiplexKeys.Skip(3))}, unless others are named.
                          Its cells, some with other bars than above:
        {string.Join('\n', SharingMeasures.All.Select(m => $"                            {m.Key,-11} {m.Title}"))}
          --rounds N      Default {DefaultRounds}. Prefer an odd number: the median is then a measured value.
          --requests N    Requests per run of the cell "{Measure.Default.Key}"; runs of other cells
                          take about as long. Default {DefaultRequests}.
          --targets LIST  Of {string.Join(", ", Target.Keys)}, or "all".
                          Default: all but {Target.NutcrackerKey}, {Target.SharedFloorKey} and {Target.SharedKey}, which share
                          connections to redis, and {Target.PipelinesKey}, RedisProxy with its portable transport.
          --markdown FILE Replaces a section of this document of the repository with the result, as
                          Markdown: "load" of docs/performance.md; with --multiplex "multiplex"
                          of docs/multiplexing.md. "-" is standard output.
                          Refuses when a bar is missed for which the document gives no reason.
          --check         Judges the result: a line for each bar, and exit code 1 when one is
                          missed. While a cell's figure lies within two standard errors of its
                          bar, those that bars are about get further rounds, up to {MaxExtension} times
                          --rounds.
          --help          This text.

        The program measured is the native one that "dotnet publish" makes. The environment
        variable REDISPROXY_PROGRAM names another one, or a RedisProxy.dll.
        """;

    private const int DefaultRounds = 21;
    private const long DefaultRequests = 40_000;

    // Rounds of a check, as a multiple of --rounds.
    private const int MaxExtension = 3;

    /// <summary>The measures and bars of sharing.</summary>
    public bool IsMultiplex { get; init; }

    public IReadOnlyList<Measure> Measures { get; init; } = [Measure.Default];

    public int Rounds { get; init; } = DefaultRounds;

    public long Requests { get; init; } = DefaultRequests;

    public IReadOnlyList<string> Targets { get; init; } = Target.DefaultKeys;

    /// <summary>Where the result goes as Markdown; null: to the terminal as plain text.</summary>
    public string? MarkdownFile { get; init; }

    /// <summary>The section of a document that the results fill.</summary>
    public string Section => IsMultiplex ? "multiplex" : "load";

    public bool Check { get; init; }

    /// <summary>How many rounds there may be, with those that a check adds.</summary>
    public int MostRounds => Check ? MaxExtension * Rounds : Rounds;

    public bool ShowHelp { get; init; }

    /// <exception cref="FormatException">The message is for the user.</exception>
    public static LoadOptions Parse(IEnumerable<string> arguments)
    {
        var options = new LoadOptions();
        string? cells = null;
        string? targets = null;
        using IEnumerator<string> words = arguments.GetEnumerator();
        while (words.MoveNext())
        {
            string name = words.Current;
            string Value() => words.MoveNext() ? words.Current : throw new FormatException($"{name} needs a value; see --help.");

            // What it may name depends on others.
            LoadOptions Later(out string text)
            {
                text = Value();
                return options;
            }

            options = name switch
            {
                "--rounds" => options with { Rounds = (int)Number(name, Value(), 1000) },
                "--cells" => Later(out cells),
                "--requests" => options with { Requests = Number(name, Value(), 1_000_000_000) },
                "--targets" => Later(out targets),
                "--multiplex" => options with { IsMultiplex = true },
                "--markdown" => options with { MarkdownFile = Value() },
                "--check" => options with { Check = true },
                "--help" or "-h" => options with { ShowHelp = true },
                _ => throw new FormatException($"Unknown argument '{name}'; see --help."),
            };
        }

        return WithWhatIsMeasured(options, cells, targets);
    }

    private static LoadOptions WithWhatIsMeasured(LoadOptions options, string? cells, string? targets)
    {
        IReadOnlyList<Measure> all = options.IsMultiplex ? SharingMeasures.All : Measure.All;
        string[] needed = options.IsMultiplex
            ? [Target.DirectKey, Target.HaproxyKey, Target.ProxyKey, Target.SharedKey]
            : [Target.HaproxyKey, Target.ProxyKey];
        LoadOptions known = options with
        {
            Measures = cells is not null ? ParseMeasures(cells, all) : options.Check || options.IsMultiplex ? all : options.Measures,
            Targets = targets is not null ? ParseTargets(targets) : options.IsMultiplex ? Target.MultiplexKeys : options.Targets,
        };
        string judged = options.IsMultiplex ? "--multiplex --check" : "--check";
        return !options.Check || needed.All(known.Targets.Contains)
            ? known
            : throw new FormatException($"{judged} needs the targets {string.Join(", ", needed)}.");
    }

    private static long Number(string name, string text, long most) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= 1 && value <= most
            ? value
            : throw new FormatException($"{name} takes a number from 1 to {most}, not '{text}'.");

    private static Measure[] ParseMeasures(string text, IReadOnlyList<Measure> all) => text == "all"
        ? [.. all]
        : [.. text.Split(',').Select(key => all.FirstOrDefault(m => m.Key == key)
            ?? throw new FormatException($"No cell '{key}'; there are {string.Join(", ", all.Select(m => m.Key))}."))];

    private static string[] ParseTargets(string text) =>
        text == "all" ? [.. Target.Keys] : [.. text.Split(',').Select(key => Target.Keys.Contains(key)
            ? key
            : throw new FormatException($"No target '{key}'; there are {string.Join(", ", Target.Keys)}."))];
}
