using System.Globalization;

namespace RedisProxy.Tests.Resp;

/// <summary>Replies of every type of RESP2 and RESP3, odd ones, unfinished ones, hostile ones.</summary>
internal static class ReplyCorpus
{
    private const string Ok = "+OK\r\n";
    private const string Attribute = "|1\r\n+ttl\r\n:3600\r\n";
    private const string Push = ">3\r\n+message\r\n+channel\r\n$5\r\nhello\r\n";
    private const string Invalidation = ">2\r\n$10\r\ninvalidate\r\n*1\r\n$3\r\nkey\r\n";
    private const string Nested = "*3\r\n:1\r\n*2\r\n+a\r\n%1\r\n$1\r\nk\r\n~2\r\n#t\r\n_\r\n$-1\r\n";

    private static readonly string[] NoNumbers =
        ["", "+1", "01", "00", "-0", "-01", "-", "--1", "1-", " 1", "1 ", "1\n", "1\0", "0x1", "1.0", "a", "1a", "??", "?1", "1?", "-?"];

    private static readonly string[] HugeNumbers =
        ["1000000000000000000", "9223372036854775808", "18446744073709551617", "100000000000000000000"];

    public static IReadOnlyList<CorpusItem> Items { get; } =
    [
        .. Simple(), .. Bulks(), .. Aggregates(), .. Attributes(), .. Pushes(), .. Streamed(), .. Nesting(), .. Unfinished(), .. Wrong(),
    ];

    /// <summary>Arrays of one element in each other, around <paramref name="core"/>.</summary>
    public static string Nest(int levels, string core, string opening = "*1\r\n") =>
        string.Concat(Enumerable.Repeat(opening, levels)) + core;

    private static IEnumerable<CorpusItem> Simple() =>
    [
        CorpusItem.Whole("status", Ok, "+"),
        CorpusItem.Whole("status, empty", "+\r\n", "+"),
        CorpusItem.Whole("status with lone line ends", "+a\rb\nc\r\r\n", "+"),
        CorpusItem.Whole("error", "-READONLY You can't write\r\n", "-"),
        CorpusItem.Whole("integer", ":-9223372036854775808\r\n", ":"),
        CorpusItem.Whole("double", ",-1.5e10\r\n", ","),
        CorpusItem.Whole("infinity", ",inf\r\n", ","),
        CorpusItem.Whole("big number", "(3492890328409238509324850943850943825024385\r\n", "("),
        CorpusItem.Whole("boolean", "#t\r\n", "#"),
        CorpusItem.Whole("null", "_\r\n", "_"),
        CorpusItem.Whole("long line", "+" + new string('x', 70_000) + "\r\n", "+"),
        new("pipeline of lines", [(Ok, "+"), ("-ERR\r\n", "-"), (":1\r\n", ":"), ("_\r\n", "_"), (Ok, "+")], "+O"),
    ];

    private static IEnumerable<CorpusItem> Bulks() =>
    [
        CorpusItem.Whole("bulk", "$5\r\nhello\r\n", "$"),
        CorpusItem.Whole("bulk, empty", "$0\r\n\r\n", "$"),
        CorpusItem.Whole("bulk, null", "$-1\r\n", "$"),
        CorpusItem.Whole("bulk of line ends", "$6\r\n\r\n\r\n\r\n\r\n", "$"),
        CorpusItem.Whole("bulk of a reply", "$5\r\n+OK\r\n\r\n", "$"),
        CorpusItem.Whole("bulk of zero bytes", "$3\r\n\0\0\0\r\n", "$"),
        CorpusItem.Whole("bulk of ten bytes", "$10\r\n0123456789\r\n", "$"),
        CorpusItem.Whole("bulk of 64 KiB", Bulk(64 * 1024), "$"),
        CorpusItem.Whole("bulk error", "!21\r\nSYNTAX invalid syntax\r\n", "!"),
        CorpusItem.Whole("bulk error, empty", "!0\r\n\r\n", "!"),
        CorpusItem.Whole("verbatim", "=15\r\ntxt:Some string\r\n", "="),
        new("pipeline of bulks", [("$1\r\na\r\n", "$"), ("$-1\r\n", "$"), ("$0\r\n\r\n", "$"), (Bulk(100), "$")], "$100\r\nabc"),
    ];

    private static IEnumerable<CorpusItem> Aggregates() =>
    [
        CorpusItem.Whole("array", "*2\r\n$1\r\na\r\n$1\r\nb\r\n", "*"),
        CorpusItem.Whole("array, empty", "*0\r\n", "*"),
        CorpusItem.Whole("array, null", "*-1\r\n", "*"),
        CorpusItem.Whole("array of empties and nulls", "*6\r\n*0\r\n*-1\r\n$-1\r\n_\r\n%0\r\n~0\r\n", "*"),
        CorpusItem.Whole("array of every line type", "*7\r\n+\r\n-\r\n:1\r\n,1\r\n(1\r\n#f\r\n_\r\n", "*"),
        CorpusItem.Whole("set", "~3\r\n+a\r\n+b\r\n:1\r\n", "~"),
        CorpusItem.Whole("map", "%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n:2\r\n", "%"),
        CorpusItem.Whole("map, empty", "%0\r\n", "%"),
        CorpusItem.Whole("nested", Nested, "*"),
        CorpusItem.Whole("error in an array is no error", "*1\r\n-ERR no\r\n", "*"),
        CorpusItem.Whole("1000 elements", "*1000\r\n" + string.Concat(Enumerable.Repeat("$1\r\nx\r\n", 1000)), "*"),
        CorpusItem.Whole("empty tail levels", "*2\r\n:1\r\n*1\r\n*1\r\n*0\r\n", "*"),
        new("array, then others", [(Nested, "*"), (Ok, "+"), (Nested, "*"), ("*0\r\n", "*"), ("$-1\r\n", "$")]),
    ];

    private static IEnumerable<CorpusItem> Attributes() =>
    [
        CorpusItem.Whole("attribute", Attribute + Ok, "+ with attributes"),
        CorpusItem.Whole("attributes, several", Attribute + Attribute + "|0\r\n" + Attribute + "*1\r\n:1\r\n", "* with attributes"),
        CorpusItem.Whole("attribute, empty", "|0\r\n:1\r\n", ": with attributes"),
        CorpusItem.Whole("attribute before an error", Attribute + "-ERR no\r\n", "- with attributes"),
        CorpusItem.Whole("attribute before a bulk error", Attribute + "!3\r\nERR\r\n", "! with attributes"),
        CorpusItem.Whole("attribute before a null", Attribute + "_\r\n", "_ with attributes"),
        CorpusItem.Whole("attribute before a push", Attribute + Push, "> with attributes"),
        CorpusItem.Whole("attribute of aggregates", "|1\r\n*1\r\n:1\r\n%1\r\n+k\r\n+v\r\n" + Ok, "+ with attributes"),
        CorpusItem.Whole("attribute in an attribute", "|1\r\n" + Attribute + "+k\r\n" + Attribute + "+v\r\n" + Ok, "+ with attributes"),
        CorpusItem.Whole("attribute in an array", "*2\r\n" + Attribute + ":1\r\n|0\r\n:2\r\n", "*"),
        CorpusItem.Whole("attribute before the last element", "*2\r\n:1\r\n" + Attribute + "*1\r\n" + Attribute + ":2\r\n", "*"),
        CorpusItem.Whole("attribute in a map", "%1\r\n" + Attribute + "+k\r\n" + Attribute + Attribute + "+v\r\n", "%"),
        CorpusItem.Whole("attribute, streamed", "|?\r\n+k\r\n+v\r\n.\r\n" + Ok, "+ with attributes"),
        CorpusItem.Unfinished("attribute and nothing", Attribute),
        CorpusItem.Unfinished("attribute, empty, and nothing", "|0\r\n"),
        new("attributes belong to one reply", [(Attribute + Ok, "+ with attributes"), (Ok, "+"), (Push, ">")]),
        CorpusItem.Wrong("attribute of a chunk", "$?\r\n|0\r\n;0\r\n", "error"),
    ];

    private static IEnumerable<CorpusItem> Pushes() =>
    [
        CorpusItem.Whole("push", Push, ">"),
        CorpusItem.Whole("push, empty", ">0\r\n", ">"),
        CorpusItem.Whole("push, streamed", ">?\r\n+a\r\n.\r\n", ">"),
        new("pushes between replies", [(Push, ">"), (Ok, "+"), (Push, ">"), (Invalidation, ">"), ("$1\r\na\r\n", "$"), (Push, ">")]),
        CorpusItem.Whole("push in an array", "*2\r\n" + Push + ":1\r\n" + Push + ">0\r\n:2\r\n", "*"),
        CorpusItem.Whole("push in a streamed array", "*?\r\n:1\r\n" + Push + ".\r\n", "*"),
        CorpusItem.Whole("push in a push", ">1\r\n" + Push + "+a\r\n", ">"),
        CorpusItem.Whole("push in an attribute", "|1\r\n" + Push + "+k\r\n+v\r\n" + Ok, "+ with attributes"),
        CorpusItem.Wrong("push in a chunk", "$?\r\n" + Push, "error"),
        CorpusItem.Wrong("push, null", ">-1\r\n", "error"),
    ];

    private static IEnumerable<CorpusItem> Streamed() =>
    [
        CorpusItem.Whole("string in chunks", "$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;1\r\nd\r\n;0\r\n", "$"),
        CorpusItem.Whole("string in no chunks", "$?\r\n;0\r\n", "$"),
        CorpusItem.Whole("chunk of a chunk's header", "$?\r\n;4\r\n;0\r\n\r\n;0\r\n", "$"),
        CorpusItem.Whole("streamed array", "*?\r\n:1\r\n$1\r\na\r\n*1\r\n:2\r\n.\r\n", "*"),
        CorpusItem.Whole("streamed array, empty", "*?\r\n.\r\n", "*"),
        CorpusItem.Whole("streamed set", "~?\r\n+a\r\n.\r\n", "~"),
        CorpusItem.Whole("streamed map", "%?\r\n+a\r\n:1\r\n+b\r\n:2\r\n.\r\n", "%"),
        CorpusItem.Whole("streamed in each other", "*?\r\n*?\r\n%?\r\n.\r\n.\r\n$?\r\n;1\r\na\r\n;0\r\n.\r\n", "*"),
        CorpusItem.Whole("streamed last in a counted one", "*2\r\n:1\r\n*?\r\n:2\r\n.\r\n", "*"),
        CorpusItem.Whole("counted last in a streamed one", "*?\r\n*1\r\n:2\r\n.\r\n", "*"),
        CorpusItem.Whole("attributes in a streamed one", "*?\r\n" + Attribute + ":1\r\n" + Attribute + ".\r\n", "*"),
        CorpusItem.Wrong("end mark with words", "*?\r\n.x\r\n", "error"),
        CorpusItem.Wrong("end mark without CR", "*?\r\n.\n", "error"),
        CorpusItem.Wrong("end mark without a stream", ".\r\n", "error"),
        CorpusItem.Wrong("end mark in a counted one", "*1\r\n.\r\n", "error"),
        CorpusItem.Wrong("end mark in a counted one in a streamed one", "*?\r\n*1\r\n.\r\n", "error"),
        CorpusItem.Wrong("end mark in a string", "$?\r\n.\r\n", "error"),
        CorpusItem.Wrong("chunk without a string", ";1\r\na\r\n", "error"),
        CorpusItem.Wrong("chunk in a streamed array", "*?\r\n;1\r\na\r\n", "error"),
        CorpusItem.Wrong("bulk among chunks", "$?\r\n$1\r\na\r\n", "error"),
        CorpusItem.Wrong("line among chunks", "$?\r\n+a\r\n", "error"),
        CorpusItem.Wrong("array among chunks", "$?\r\n*1\r\n", "error"),
        CorpusItem.Wrong("streamed chunk", "$?\r\n;?\r\n", "error"),
        CorpusItem.Wrong("streamed verbatim", "=?\r\n", "error"),
        CorpusItem.Wrong("streamed bulk error", "!?\r\n", "error"),
    ];

    private static IEnumerable<CorpusItem> Nesting() =>
    [
        CorpusItem.Whole("127 levels", Nest(127, ":1\r\n"), "*"),
        CorpusItem.Whole("128 levels", Nest(128, ":1\r\n"), "*"),
        CorpusItem.Whole("129 levels", Nest(129, ":1\r\n"), "*"),
        CorpusItem.Whole("128 levels around an empty one", Nest(128, "*0\r\n"), "*"),
        CorpusItem.Whole("128 levels of maps", Nest(128, ":1\r\n", "%1\r\n+k\r\n"), "%"),
        CorpusItem.Whole("128 streamed levels", Nest(128, "").Replace('1', '?') + Nest(128, "", ".\r\n"), "*"),
        CorpusItem.Whole("levels that owe much", Nest(20, string.Concat(Enumerable.Repeat(Ok, 300 + (19 * 299))), "*300\r\n"), "*"),
        new("deep, then flat, then deep", [(Nest(128, Ok), "*"), (Ok, "+"), (Nest(128, Ok), "*"), (Nested, "*")], Nest(128, "")),
    ];

    private static IEnumerable<CorpusItem> Unfinished()
    {
        string message = Attribute + Nested;
        yield return new CorpusItem("nothing", []);
        for (int length = 1; length < message.Length; length++)
        {
            yield return CorpusItem.Unfinished($"unfinished after {length} bytes", message[..length]);
        }

        yield return CorpusItem.Unfinished("unfinished: huge count", "*999999999999999999\r\n:1\r\n");
        yield return CorpusItem.Unfinished("unfinished: huge map", "%999999999999999999\r\n:1\r\n");
        yield return CorpusItem.Unfinished("unfinished: huge body", "$999999999999999999\r\nabc");
        yield return CorpusItem.Unfinished("unfinished: body of ten digits", "$1000000000\r\nabc");
        yield return CorpusItem.Unfinished("unfinished: line", "+OK\r");
    }

    private static IEnumerable<CorpusItem> Wrong()
    {
        foreach (char type in "$*~%|>=!")
        {
            string[] numbers = type is '$' or '*' ? [.. NoNumbers, .. HugeNumbers] : [.. NoNumbers, .. HugeNumbers, "-1"];
            foreach (string number in numbers)
            {
                yield return CorpusItem.Wrong($"wrong number {type}{Uri.EscapeDataString(number)}", $"{type}{number}\r\n", "error");
            }
        }

        string[] beginnings = ["\r\n", "\n", "OK\r\n", " +OK\r\n", "\0", "\x16\x03\x01", "@", "/", "'", "\"", "\xff", "1", "?", ";0\r\n"];
        foreach (string beginning in beginnings)
        {
            yield return CorpusItem.Wrong($"no reply: {Uri.EscapeDataString(beginning)}", beginning, "error");
        }

        yield return CorpusItem.Wrong("body too long", "$1\r\nab\r\n", "error");
        yield return CorpusItem.Wrong("body too short", "$3\r\na\r\n+OK\r\n", "error");
        yield return CorpusItem.Wrong("lone CR after the length", "$1\ra\r\n", "error");
        yield return CorpusItem.Wrong("lone CR after the body", "$1\r\na\r:", "error");
        yield return CorpusItem.Wrong("lone CR after the count", "*1\r:1\r\n", "error");
        yield return CorpusItem.Wrong("no line end after an element", "*2\r\n$1\r\nab$1\r\nb\r\n", "error");
        yield return new CorpusItem("good, then bad", [(Ok, "+"), (Nested, "*")], "*1\r\nx", "error");
    }

    private static string Bulk(int bytes) => string.Create(CultureInfo.InvariantCulture, $"${bytes}\r\n{new string('x', bytes)}\r\n");
}
