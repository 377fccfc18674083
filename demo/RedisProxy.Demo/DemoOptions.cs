using System.Globalization;

namespace RedisProxy.Demo;

/// <summary>What the demo was asked to do.</summary>
internal sealed record DemoOptions
{
    public const string Help = """
        Usage: ./demo.sh [--once] [--direct | --compare] [--down-after MILLISECONDS]
                         [--picture FILE]

        Starts a master, two replicas, three Sentinels and the proxy on free loopback
        ports in a temporary folder, runs a small application (StackExchange.Redis with a
        plain connection string) and fails over twice: once as planned, once by killing
        the master. Shows what the application saw. Then it keeps running until Ctrl-C, so
        that you can try more, and finally stops and removes everything it started.

          --once         Stops after the two failovers and the table. Exit code 0 only if
                         the planned failover lost no acknowledged write and no connection
                         of the application broke.
          --direct       Without the proxy: the application connects directly to the
                         master. Shows what is lost without one. Exit code 0.
          --compare      Both, one after the other, and one table of the two. Stops then,
                         with the exit code of --once. About two minutes.
          --down-after   Milliseconds of silence after which Sentinel considers the master
                         down. Default 1000. (The proxy holds a request for 4 seconds; a
                         failover takes about 1.2 seconds longer than this value.)
          --picture      Also writes what it prints, up to the table, into an animated
                         picture (SVG), such as docs/demo.svg.
          --help         This text.
        """;

    public bool Once { get; init; }

    public bool Direct { get; init; }

    /// <summary>Without the proxy first, then with it.</summary>
    public bool Compare { get; init; }

    public TimeSpan DownAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Where the animated picture goes; empty for none.</summary>
    public string Picture { get; init; } = "";

    public bool ShowHelp { get; init; }

    /// <exception cref="FormatException">An argument that there is not; the message is for the user.</exception>
    public static DemoOptions Parse(IEnumerable<string> arguments)
    {
        var options = new DemoOptions();
        using IEnumerator<string> words = arguments.GetEnumerator();
        while (words.MoveNext())
        {
            options = words.Current switch
            {
                "--once" => options with { Once = true },
                "--direct" => options with { Direct = true },
                "--compare" => options with { Compare = true, Once = true },
                "--down-after" => options with { DownAfter = Milliseconds(words.MoveNext() ? words.Current : "") },
                "--picture" when words.MoveNext() && words.Current.EndsWith(".svg", StringComparison.Ordinal) =>
                    options with { Picture = words.Current },
                "--picture" => throw new FormatException("--picture takes a file whose name ends with .svg; see --help."),
                "--help" or "-h" => options with { ShowHelp = true },
                _ => throw new FormatException($"Unknown argument '{words.Current}'; see --help."),
            };
        }

        return options is { Direct: true, Compare: true }
            ? throw new FormatException("--compare includes --direct; see --help.")
            : options;
    }

    private static TimeSpan Milliseconds(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value is >= 100 and <= 60_000
            ? TimeSpan.FromMilliseconds(value)
            : throw new FormatException($"--down-after takes milliseconds from 100 to 60000, not '{text}'.");
}
