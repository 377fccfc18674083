using System.Globalization;

namespace RedisProxy.Load.Failover;

/// <summary>How the master goes.</summary>
internal enum FailoverKind
{
    /// <summary>SENTINEL FAILOVER: the old master goes on to acknowledge writes until Sentinel demotes it.</summary>
    Planned,

    /// <summary>SIGKILL; it comes back as a replica.</summary>
    Kill,
}

/// <summary>What was asked for.</summary>
internal sealed record FailoverOptions
{
    public const string Help = """
        Usage: benchmarks/failover [--kind KIND] [--failovers N] [--down-after MS]
                                   [--markdown FILE]

        Repeatedly fails over a Sentinel deployment (one master, two replicas, three
        Sentinels) on this machine while clients write through RedisProxy and, in the same
        failovers, through HAProxy configured as usual for Sentinel (tcp-check for
        role:master once a second). Prints the writers' longest pauses, the acknowledged
        writes that were lost, and the errors that the writers received.

          --kind KIND      planned  SENTINEL FAILOVER
                           kill     SIGKILL of the master, which returns as a replica
                           both     planned, then kill. Default.
          --failovers N    Of each kind. Default 20.
          --down-after MS  The silence after which Sentinel considers a master down. Default
                           2000; not used for planned failovers. Sentinels ask once a second:
                           below 2000 they consider live servers down and fail over twice.
                           RedisProxy's hold.timeout is this plus 2 s, at least its default
                           of 4 s.
          --markdown FILE  Replaces the sections "planned" and "kill", whichever was measured,
                           of this document of the repository with the result, as Markdown:
                           docs/performance.md. "-" is standard output.
          --help           This text.

        While clients write, Sentinel runs with its default periods, because they decide how
        long two masters exist after a planned failover (11 s). A failover is observed until
        2 s after HAProxy sends all traffic to the new master, so that its recovery is
        complete. Sentinel is sped up only between two failovers. A planned failover takes
        about half a minute, a kill about a quarter of one.

        Exit code 1 when the measurement failed, or when a planned failover lost an
        acknowledged write through RedisProxy or broke a connection of it.
        """;

    public IReadOnlyList<FailoverKind> Kinds { get; init; } = [FailoverKind.Planned, FailoverKind.Kill];

    /// <summary>Of each kind.</summary>
    public int Failovers { get; init; } = 20;

    public TimeSpan DownAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Where the result goes as Markdown; null: to the terminal as plain text.</summary>
    public string? MarkdownFile { get; init; }

    public bool ShowHelp { get; init; }

    /// <exception cref="FormatException">The message is for the user.</exception>
    public static FailoverOptions Parse(IEnumerable<string> arguments)
    {
        var options = new FailoverOptions();
        using IEnumerator<string> words = arguments.GetEnumerator();
        while (words.MoveNext())
        {
            string name = words.Current;
            string Value() => words.MoveNext() ? words.Current : throw new FormatException($"{name} needs a value; see --help.");
            options = name switch
            {
                "--kind" => options.WithKind(Value()),
                "--failovers" => options with { Failovers = Number(name, Value(), 1, 10_000) },
                "--down-after" => options with { DownAfter = TimeSpan.FromMilliseconds(Number(name, Value(), 300, 60_000)) },
                "--markdown" => options with { MarkdownFile = Value() },
                "--help" or "-h" => options with { ShowHelp = true },
                _ => throw new FormatException($"Unknown argument '{name}'; see --help."),
            };
        }

        return options;
    }

    private FailoverOptions WithKind(string text) => text switch
    {
        "planned" => this with { Kinds = [FailoverKind.Planned] },
        "kill" => this with { Kinds = [FailoverKind.Kill] },
        "both" => this with { Kinds = [FailoverKind.Planned, FailoverKind.Kill] },
        _ => throw new FormatException($"No kind '{text}'; there are planned, kill, both."),
    };

    private static int Number(string name, string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : throw new FormatException($"{name} takes a number from {least} to {most}, not '{text}'.");
}
