using System.Globalization;

namespace RedisProxy.Testing;

/// <summary>
/// One reply, RESP2 or RESP3, as a tree. Text is Latin-1, so every byte is one character and nothing is lost.
/// </summary>
/// <param name="Kind">Its first byte: one of <c>+ - : $ * _ # , ( ! = % ~ &gt; |</c>.</param>
/// <param name="Text">The line or the bulk; null for a null and for aggregates.</param>
/// <param name="Items">Of an aggregate; a map's keys and values alternate.</param>
public sealed record RawReply(char Kind, string? Text, IReadOnlyList<RawReply> Items)
{
    /// <summary>The exact bytes received, for comparison with another server's. Set for the outermost reply.</summary>
    public ReadOnlyMemory<byte> Wire { get; init; }

    public bool IsError => Kind is '-' or '!';

    public bool IsNull => Kind == '_' || (Text is null && Items.Count == 0 && IsNullLength);

    /// <summary>The first word of an error, such as <c>READONLY</c>; empty for other replies.</summary>
    public string ErrorCode => IsError ? (Text ?? "").Split(' ', 2)[0] : "";

    public long Number => long.Parse(Text ?? "", CultureInfo.InvariantCulture);

    internal bool IsNullLength { get; init; }

    /// <summary>The value after a key of a map, or of an array that alternates keys and values; null if there is none.</summary>
    public string? Value(string key)
    {
        for (int i = 0; i + 1 < Items.Count; i += 2)
        {
            if (Items[i].Text == key)
            {
                return Items[i + 1].Text;
            }
        }

        return null;
    }

    /// <summary>Compact, for messages: <c>+OK</c>, <c>:1</c>, <c>"a bulk"</c>, <c>*[:1 :2]</c>.</summary>
    public override string ToString() => Kind switch
    {
        _ when IsNull => "null",
        '$' => $"\"{Text}\"",
        '*' or '%' or '~' or '>' or '|' => $"{Kind}[{string.Join(' ', Items)}]",
        _ => Kind + Text,
    };
}
