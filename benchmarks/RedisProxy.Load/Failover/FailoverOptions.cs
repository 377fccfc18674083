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
        Usage: benchmarks/failover [--kind KIND] [--failovers N] [--down-after MS] [--markdown]

        Fails over a Sentinel deployment (one master, two replicas, three Sentinels) again
        and again, on this machine, while writers write through RedisProxy and, in the same
        failovers, through HAProxy as it is configured for Sentinel (tcp-check for
        role:master once a second). A table of the writers' longest pauses, of what was
        lost, and of what they were told.

          --kind KIND      planned  SENTINEL FAILOVER
                           kill     SIGKILL of the master, which returns as a replica
                           both     planned, then kill. Default.
          --failovers N    Of each kind. Default 20.
          --down-after MS  Sentinel takes a silent master for dead after this. Default 2000,
                           not for planned. Sentinels ask once a second; with less than 2000
                           they take servers for dead that are not, and fail over twice.
                           hold.timeout of RedisProxy is this and 2 s, at least its default
                           of 4 s.
          --markdown       The result as Markdown, on standard output.
          --help           This text.

        Sentinel's periods are its defaults while writers write, since they decide how long
        there are two masters after a planned failover (11 s). A failover is observed until
        HAProxy leads to the new master only, and 2 s more, so that its way back is seen whole.
        Only between two failovers Sentinel is sped up. A planned one takes about half a
        minute, a kill a quarter.

        Exit code 1 when the measurement failed, or when a planned failover lost an
        acknowledged write through RedisProxy or broke a connection of it.
        """;

    public IReadOnlyList<FailoverKind> Kinds { get; init; } = [FailoverKind.Planned, FailoverKind.Kill];

    /// <summary>Of each kind.</summary>
    public int Failovers { get; init; } = 20;

    public TimeSpan DownAfter { get; init; } = TimeSpan.FromSeconds(2);

    public bool Markdown { get; init; }

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
                "--markdown" => options with { Markdown = true },
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
