using System.Globalization;

namespace RedisProxy.Demo;

/// <summary>What the demo was asked to do.</summary>
internal sealed record DemoOptions
{
    public const string Help = """
        Usage: ./demo.sh [--once] [--direct] [--down-after MILLISECONDS]

        Starts a master, two replicas, three Sentinels and the proxy on free loopback
        ports in a temporary folder, runs a small application (StackExchange.Redis with a
        plain connection string) and fails over twice: once as planned, once by killing
        the master. Shows what the application saw. Then it keeps running, so that you
        can try more, until Ctrl-C. Everything it started is ended and removed.

          --once         One round, the table, and end. Exit code 0 only if the planned
                         failover lost no acknowledged write and no connection of the
                         application broke.
          --direct       Without the proxy: the application connects straight to the
                         master. Shows what is lost today. Exit code 0.
          --down-after   Sentinel takes a silent master for dead after this many
                         milliseconds. Default 1000. (The proxy lets a request wait for
                         4 seconds; failing over takes about 1.2 seconds more than this.)
          --help         This text.
        """;

    public bool Once { get; init; }

    public bool Direct { get; init; }

    public TimeSpan DownAfter { get; init; } = TimeSpan.FromSeconds(1);

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
                "--down-after" => options with { DownAfter = Milliseconds(words.MoveNext() ? words.Current : "") },
                "--help" or "-h" => options with { ShowHelp = true },
                _ => throw new FormatException($"Unknown argument '{words.Current}'; see --help."),
            };
        }

        return options;
    }

    private static TimeSpan Milliseconds(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value is >= 100 and <= 60_000
            ? TimeSpan.FromMilliseconds(value)
            : throw new FormatException($"--down-after takes milliseconds from 100 to 60000, not '{text}'.");
}
