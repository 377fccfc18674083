using System.Globalization;
using System.Text;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>What the judge has to know of a request beside the answer that the reference gives.</summary>
[Flags]
internal enum RequestNature
{
    Usual = 0,

    /// <summary>Changes what the connection is. What follows it must not be executed without it.</summary>
    ChangesState = 1,

    /// <summary>Waits for an element, so it answers nil or one of those that were pushed.</summary>
    Blocks = 2,

    /// <summary>Runs other commands, and an error may be one of theirs.</summary>
    Nested = 4,

    Multi = 8,
    Exec = 16,
    Watch = 32,

    /// <summary>The reference cannot tell its answer by waiting for one reply: silence, subscriptions, empty lines.</summary>
    IsOdd = 64,

    /// <summary>DISCARD, RESET and UNWATCH.</summary>
    EndsWatch = 128,

    /// <summary>Its answer depends on the moment; its kind is all that counts.</summary>
    IsVolatile = 256,

    /// <summary>The server closes the connection instead of answering it.</summary>
    Ends = 512,

    /// <summary>It is many requests, and each has a reply of its own.</summary>
    IsMany = 1024,
}

/// <summary>One request, or bytes between requests. Keys and values are its own, so that the data tell what was executed.</summary>
/// <param name="Words">For people.</param>
/// <param name="Bytes">As sent.</param>
/// <param name="Nature">For the judge.</param>
/// <param name="Token">Part of every key, value and message that it writes, and of no other's; null when it writes nothing.</param>
internal sealed record FuzzRequest(string Words, byte[] Bytes, RequestNature Nature = RequestNature.Usual, string? Token = null)
{
    public static FuzzRequest Of(RequestNature nature, params string[] words) => new(Show(words), Encode(words), nature);

    public static FuzzRequest Of(params string[] words) => Of(RequestNature.Usual, words);

    public static FuzzRequest Raw(string text) =>
        new(text.Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal),
            Encoding.Latin1.GetBytes(text),
            RequestNature.IsOdd);

    /// <summary>So many ECHOs, each of something else.</summary>
    public static FuzzRequest Many(int count) => new(
        string.Create(CultureInfo.InvariantCulture, $"ECHO 0 to {count}"),
        [.. Enumerable.Range(0, count).SelectMany(static i => Encode(["ECHO", i.ToString(CultureInfo.InvariantCulture)]))],
        RequestNature.IsMany | RequestNature.IsOdd);

    public bool Is(RequestNature nature) => (Nature & nature) != 0;

    /// <summary>The same as a line of words, where it can be said so.</summary>
    public FuzzRequest Inline() =>
        Words.All(static c => char.IsAsciiLetterOrDigit(c) || " +-:*_.".Contains(c)) && !Words.EndsWith(' ') && !Words.Contains("  ")
            ? this with { Bytes = Encoding.Latin1.GetBytes(Words + "\r\n"), Words = Words + " (inline)" }
            : this;

    private static byte[] Encode(string[] words)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"*{words.Length}\r\n");
        foreach (string word in words)
        {
            text.Append(CultureInfo.InvariantCulture, $"${word.Length}\r\n{word}\r\n");
        }

        return Encoding.Latin1.GetBytes(text.ToString());
    }

    private static string Show(string[] words) =>
        string.Join(' ', words.Select(static word => word.Length > 200 ? $"<{word.Length} bytes>" : word.Length == 0 ? "''" : word));
}
