using System.Globalization;

namespace RedisProxy.Load;

/// <summary>What was asked for.</summary>
internal sealed record LoadOptions
{
    /// <summary>Above this multiple of HAProxy's CPU per request, <c>--check</c> fails.</summary>
    public const double CheckLimit = 1.15;

    private static readonly string Limit = CheckLimit.ToString(CultureInfo.InvariantCulture);

    public static string Help { get; } = $"""
        Usage: benchmarks/load [--rounds N] [--cells LIST] [--requests N] [--targets LIST]
                               [--markdown] [--check]

        Compares the ways to one redis-server on this machine: directly, through HAProxy
        (TCP mode, one thread) and through RedisProxy (one loop). In each round every target
        has one run of redis-benchmark, one after the other; figures are medians over the
        rounds. Ratios are taken within a round, where the machine was the same for all.
        CPU per request is what the forwarder's process used, user and system, per request.

          --rounds N      Default 5.
          --cells LIST    Kinds of load, comma-separated, or "all". Default {Cell.All[0].Key}.
        {string.Join('\n', Cell.All.Select(c => $"                            {c.Key,-10} {c.Title}"))}
          --requests N    Requests per run of the cell "{Cell.All[0].Key}"; runs of other cells
                          take about as long. Default 400000.
          --targets LIST  Of {string.Join(", ", Target.Keys)}, or "all".
                          Default all but {Target.NutcrackerKey}, which shares one connection to redis.
          --markdown      The result as Markdown, with the machine's facts, on standard output.
          --check         Exit code 1 when RedisProxy needs more than {Limit} times HAProxy's CPU
                          per request in the first cell.
          --help          This text.
        """;

    public int Rounds { get; init; } = 5;

    public IReadOnlyList<Cell> Cells { get; init; } = [Cell.All[0]];

    public long Requests { get; init; } = 400_000;

    public IReadOnlyList<string> Targets { get; init; } = Target.DefaultKeys;

    public bool Markdown { get; init; }

    public bool Check { get; init; }

    public bool ShowHelp { get; init; }

    /// <exception cref="FormatException">The message is for the user.</exception>
    public static LoadOptions Parse(IEnumerable<string> arguments)
    {
        var options = new LoadOptions();
        using IEnumerator<string> words = arguments.GetEnumerator();
        while (words.MoveNext())
        {
            string name = words.Current;
            string Value() => words.MoveNext() ? words.Current : throw new FormatException($"{name} needs a value; see --help.");
            options = name switch
            {
                "--rounds" => options with { Rounds = (int)Number(name, Value(), 1000) },
                "--cells" => options with { Cells = ParseCells(Value()) },
                "--requests" => options with { Requests = Number(name, Value(), 1_000_000_000) },
                "--targets" => options with { Targets = ParseTargets(Value()) },
                "--markdown" => options with { Markdown = true },
                "--check" => options with { Check = true },
                "--help" or "-h" => options with { ShowHelp = true },
                _ => throw new FormatException($"Unknown argument '{name}'; see --help."),
            };
        }

        return options.Check && !(options.Targets.Contains(Target.HaproxyKey) && options.Targets.Contains(Target.ProxyKey))
            ? throw new FormatException("--check needs the targets haproxy and proxy.")
            : options;
    }

    private static long Number(string name, string text, long most) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= 1 && value <= most
            ? value
            : throw new FormatException($"{name} takes a number from 1 to {most}, not '{text}'.");

    private static Cell[] ParseCells(string text) => text == "all"
        ? [.. Cell.All]
        : [.. text.Split(',').Select(key => Cell.All.FirstOrDefault(c => c.Key == key)
            ?? throw new FormatException($"No cell '{key}'; there are {string.Join(", ", Cell.All.Select(c => c.Key))}."))];

    private static string[] ParseTargets(string text) =>
        text == "all" ? [.. Target.Keys] : [.. text.Split(',').Select(key => Target.Keys.Contains(key)
            ? key
            : throw new FormatException($"No target '{key}'; there are {string.Join(", ", Target.Keys)}."))];
}
