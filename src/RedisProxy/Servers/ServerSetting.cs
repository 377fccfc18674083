using System.Globalization;

namespace RedisProxy.Servers;

/// <summary>
/// Compares server settings by meaning: a configured value and the answer of CONFIG GET are often two texts for the same thing.
/// </summary>
internal static class ServerSetting
{
    // redis.conf, "Note on units": 1k is 1000 bytes and 1kb 1024.
    private static readonly (string Unit, long Factor)[] Units =
        [("kb", 1L << 10), ("mb", 1L << 20), ("gb", 1L << 30), ("k", 1000), ("m", 1000_000), ("g", 1000_000_000), ("b", 1)];

    // notify.c: what "A" is short for.
    private const string AllEvents = "g$lshzxetd";

    /// <summary>A size as CONFIG GET answers it; any other text unchanged.</summary>
    public static string Bytes(string text)
    {
        (string unit, long factor) = Array.Find(Units, one => text.EndsWith(one.Unit, StringComparison.OrdinalIgnoreCase));
        string digits = unit is null ? text : text[..^unit.Length];
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? (number * Math.Max(1, factor)).ToString(CultureInfo.InvariantCulture)
            : text;
    }

    /// <summary>Does the value that a server answered satisfy the wanted one?</summary>
    /// <param name="name">Of the setting, in lower case.</param>
    /// <param name="value">As CONFIG GET answered it.</param>
    /// <param name="wanted">As configured.</param>
    public static bool IsAs(string name, string value, string wanted) => name switch
    {
        "notify-keyspace-events" => Events(value).SetEquals(Events(wanted)),

        // Compares the given classes only; the server leaves the others unchanged.
        "client-output-buffer-limit" => Limits(wanted).All(limit => Limits(value).Contains(limit)),
        _ => Words(value).SequenceEqual(Words(wanted), StringComparer.OrdinalIgnoreCase),
    };

    /// <summary>Does the new value make the server persist less than the old one?</summary>
    public static bool KeepsLess(string name, string old, string now) => Keeps(name, old) && !Keeps(name, now);

    /// <summary>Does this setting, with this value, make a server persist its data?</summary>
    public static bool Keeps(string name, string value) => name switch
    {
        "appendonly" => value.Equals("yes", StringComparison.OrdinalIgnoreCase),
        "save" => value.Length > 0,
        _ => false,
    };

    private static IEnumerable<string> Words(string text) =>
        text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(Bytes);

    private static HashSet<char> Events(string text) => [.. text.Replace("A", AllEvents, StringComparison.Ordinal)];

    // Class, hard limit, soft limit, seconds, and so on.
    private static IEnumerable<string> Limits(string text) => Words(text.ToLowerInvariant())
        .Select(word => word == "slave" ? "replica" : word)
        .Chunk(4)
        .Select(limit => string.Join(' ', limit));
}
