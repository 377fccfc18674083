using System.Globalization;

namespace RedisProxy.Tests.Resp;

/// <summary>Requests of every kind: ordinary, odd, unfinished, hostile.</summary>
internal static class RequestCorpus
{
    private const string Ping = "*1\r\n$4\r\nPING\r\n";
    private const string Get = "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n";
    private const string Set = "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n";
    private const string Read = "Plain Resendable, Shareable, LeavesNothing";

    private const string Write = "Plain Shareable, LeavesNothing";

    /// <summary>None of these is a number to redis, as count or as length.</summary>
    private static readonly string[] NoNumbers =
    [
        "", "+1", "+0", "01", "00", "007", "-0", "-01", "-", "--1", "-+1", "1-", "1-1", " 1", "1 ", "\t1", "1\n", "1\0", "\0", "0x1", "1.0",
        "1e3", "a", "1a", "$", "*", "?", "½",
    ];

    /// <summary>Numbers to redis, but beyond every limit.</summary>
    private static readonly string[] HugeNumbers =
    [
        "2147483648", "4294967296", "4294967297", "1000000000000", "999999999999999999", "1000000000000000000", "9223372036854775807",
        "9223372036854775808", "18446744073709551615", "18446744073709551617", "100000000000000000000", new string('9', 100),
    ];

    private static readonly string[] NegativeNumbers = ["-1", "-2", "-10", "-2147483649", "-999999999999999999"];

    public static IReadOnlyList<CorpusItem> Items { get; } =
    [
        .. WellFormed(), .. Pipelines(), .. Inline(), .. NoOps(), .. WholeAndUnfinished(), .. WrongCounts(), .. WrongLengths(),
        .. WrongFraming(), .. Strangers(),
    ];

    public static string Multibulk(params string[] arguments) => string.Create(
        CultureInfo.InvariantCulture, $"*{arguments.Length}\r\n{string.Concat(arguments.Select(Bulk))}");

    public static string Bulk(string body) => string.Create(CultureInfo.InvariantCulture, $"${body.Length}\r\n{body}\r\n");

    private static IEnumerable<CorpusItem> WellFormed() =>
    [
        CorpusItem.Whole("ping", Ping, Read),
        CorpusItem.Whole("get", Get, Read),
        CorpusItem.Whole("set", Set, Write),
        CorpusItem.Whole("mixed case", Multibulk("gEt", "k"), Read),
        CorpusItem.Whole("empty name", Multibulk(""), "Plain"),
        CorpusItem.Whole("empty arguments", Multibulk("get", "", ""), Read),
        CorpusItem.Whole("line ends in bodies", Multibulk("set", "\r\n", "*1\r\n$4\r\nPING\r\n"), Write),
        CorpusItem.Whole("lone line ends in bodies", Multibulk("set", "\r", "\n"), Write),
        CorpusItem.Whole("zero bytes in bodies", Multibulk("get", "\0\0", "\xff\xfe"), Read),
        CorpusItem.Whole("dollars in bodies", Multibulk("get", "$3\r\nabc\r\n", "$-1"), Read),
        CorpusItem.Whole("state: select", Multibulk("SELECT", "1"), "Select Resendable, LeavesNothing"),
        CorpusItem.Whole("state: client", Multibulk("CLIENT", "SETNAME", "x"), "Client"),
        CorpusItem.Whole("state: multi", Multibulk("multi"), "Multi Resendable, LeavesNothing"),
        CorpusItem.Whole("state: exec", Multibulk("exec"), "Exec Nested, LeavesNothing"),
        CorpusItem.Whole("blocking", Multibulk("BLPOP", "k", "0"), "Plain Blocking, LeavesNothing"),
        CorpusItem.Whole("script", Multibulk("eval", "return 1", "0"), "Plain Nested, Shareable, LeavesNothing"),
        CorpusItem.Whole("stream read", Multibulk("xread", "streams", "k", "0"), "XRead Blocking, LeavesNothing"),
        CorpusItem.Whole("longest name in the table", Multibulk("georadiusbymember_ro", "k"), Read),
        CorpusItem.Whole("name of 24 bytes", Multibulk("georadiusbymember_ro1234", "k"), "Plain"),
        CorpusItem.Whole("name of 25 bytes", Multibulk("georadiusbymember_ro12345", "k"), "Plain"),
        CorpusItem.Whole("name of 300 bytes", Multibulk(new string('g', 300), "k"), "Plain"),
        CorpusItem.Whole("name with a zero byte", Multibulk("get\0", "k"), "NulInName"),
        CorpusItem.Whole("long name with a zero byte", Multibulk("select\0" + new string('x', 300), "1"), "NulInName"),
        CorpusItem.Whole("name with a zero byte behind the longest", Multibulk(new string('g', 24) + "\0", "k"), "Plain"),
        CorpusItem.Whole("name with a blank", Multibulk("get ", "k"), "Plain"),
        CorpusItem.Whole("cross-protocol word", Multibulk("POST", "/", "HTTP/1.1"), "CrossProtocol"),
        CorpusItem.Whole("body of 64 KiB", Multibulk("set", "k", new string('x', 64 * 1024)), Write),
        CorpusItem.Whole("1000 arguments", Multibulk([.. Enumerable.Repeat("get", 1000)]), Read),
        CorpusItem.Whole("body lengths of 9, 10, 99, 100", Multibulk("mget", Repeat(9), Repeat(10), Repeat(99), Repeat(100)), Read),
    ];

    private static IEnumerable<CorpusItem> Pipelines() =>
    [
        new("pipeline", [(Ping, Read), (Set, Write), (Get, Read), (Ping, Read)]),
        new("pipeline of both kinds", [(Ping, Read), ("PING\r\n", "inline"), (Set, Write), ("\n", "inline"), (Get, Read)]),
        new("pipeline with no-ops", [(Ping, Read), ("*0\r\n", "no-op"), ("*-1\r\n", "no-op"), (Get, Read), ("*0\r\n", "no-op")]),
        new("pipeline that begins again", [(Ping, Read), (Set, Write)], "*3\r\n$3\r\nSE"),
        new("pipeline with a wrong request", [(Ping, Read), (Get, Read)], "*1\r\n$x", "InvalidBulkLength"),
        new("long name, then a short one", [(Multibulk(Repeat(30)), "Plain"), (Get, Read), (Multibulk("g"), "Plain"), (Get, Read)]),
        new("known head, then inline", [(Get, Read), ("GET k\r\n", "inline"), ("*0\r\n", "no-op")], "*"),
        new("no-op, then a name", [("*0\r\n", "no-op"), (Multibulk("getx"), "Plain"), (Multibulk("get"), Read)]),
    ];

    private static IEnumerable<CorpusItem> Inline() =>
    [
        CorpusItem.Whole("inline", "PING\r\n", "inline"),
        CorpusItem.Whole("inline, bare line end", "PING\n", "inline"),
        CorpusItem.Whole("inline, empty", "\r\n", "inline"),
        CorpusItem.Whole("inline, empty, bare line end", "\n", "inline"),
        CorpusItem.Whole("inline, blanks", "  \t \r\n", "inline"),
        CorpusItem.Whole("inline, lone line ends", "a\rb\r\r\n", "inline"),
        CorpusItem.Whole("inline, quotes", "set k \"a b\\x00\\n\"\r\n", "inline"),
        CorpusItem.Whole("inline, unbalanced quotes are a line too", "set k \"a\r\n", "inline"),
        CorpusItem.Whole("inline, dollar first", "$3\r\n", "inline"),
        CorpusItem.Whole("inline, blank before a star", " *1\r\n", "inline"),
        CorpusItem.Whole("inline, plus", "+OK\r\n", "inline"),
        CorpusItem.Whole("inline, high bytes", "\x80\xff\r\n", "inline"),
        new("inline, several", [("a\r\n", "inline"), ("b\n", "inline"), ("\n", "inline"), ("\r\n", "inline")], "c"),
        CorpusItem.Whole("inline, longest", new string('a', 65536) + "\n", "inline"),
        CorpusItem.Whole("inline, longest with both line ends", new string('a', 65535) + "\r\n", "inline"),
        CorpusItem.Unfinished("inline, longest, unfinished", new string('a', 65536)),
        CorpusItem.Wrong("inline, too long", new string('a', 65537) + "\n", "TooBigInline"),
        CorpusItem.Wrong("inline, too long, unfinished", new string('a', 65537), "TooBigInline"),
        CorpusItem.Wrong("inline, too long before its zero byte", new string('a', 65537) + "\0\n", "TooBigInline"),
        CorpusItem.Wrong("inline, zero byte", "get k\0\r\n", "NulInInline"),
        CorpusItem.Wrong("inline, zero byte second", "g\0\r\n", "NulInInline"),
        CorpusItem.Wrong("inline, zero byte first", "\0\r\n", "NulInInline"),
        new("inline, zero byte in a later line", [("PING\r\n", "inline")], "PI\0NG\r\n", "NulInInline"),
    ];

    private static IEnumerable<CorpusItem> NoOps() =>
    [
        CorpusItem.Whole("no-op: zero", "*0\r\n", "no-op"),
        .. NegativeNumbers.Select(n => CorpusItem.Whole($"no-op: {n}", $"*{n}\r\n", "no-op")),
        new("no-ops only", [("*0\r\n", "no-op"), ("*-1\r\n", "no-op"), ("*0\r\n", "no-op")]),
    ];

    // Every beginning of a request is a request under way.
    private static IEnumerable<CorpusItem> WholeAndUnfinished()
    {
        yield return new CorpusItem("nothing", []);
        for (int length = 1; length < Set.Length; length++)
        {
            yield return CorpusItem.Unfinished($"unfinished after {length} bytes", Set[..length]);
        }

        yield return CorpusItem.Unfinished("unfinished: most arguments", "*1048576\r\n");
        yield return CorpusItem.Unfinished("unfinished: longest body", "*1\r\n$536870912\r\nabc");
        yield return CorpusItem.Unfinished("unfinished: ten digits", "*2\r\n$3\r\nget\r\n$100000000\r\n");
        yield return CorpusItem.Unfinished("unfinished: negative count", "*-");
    }

    private static IEnumerable<CorpusItem> WrongCounts() =>
    [
        .. NoNumbers.Select(n => CorpusItem.Wrong($"wrong count '{Show(n)}'", $"*{n}\r\n", "InvalidMultibulkLength")),
        .. HugeNumbers.Select(n => CorpusItem.Wrong($"wrong count {n}", $"*{n}\r\n", "InvalidMultibulkLength")),
        CorpusItem.Wrong("wrong count: one more than the limit", "*1048577\r\n", "InvalidMultibulkLength"),
        CorpusItem.Wrong("wrong count: refused before its line ends", "*01", "InvalidMultibulkLength"),
        CorpusItem.Wrong("wrong count: 19 digits, negative", "*-1234567890123456789\r\n", "InvalidMultibulkLength"),
    ];

    private static IEnumerable<CorpusItem> WrongLengths()
    {
        string[] numbers = [.. NoNumbers, .. HugeNumbers, .. NegativeNumbers, "536870913"];
        foreach (string number in numbers)
        {
            yield return CorpusItem.Wrong($"wrong length '{Show(number)}'", $"*1\r\n${number}\r\nabc\r\n", "InvalidBulkLength");
            string later = $"*3\r\n$3\r\nSET\r\n${number}\r\nabc\r\n$1\r\na\r\n";
            yield return CorpusItem.Wrong($"wrong length '{Show(number)}' of a later argument", later, "InvalidBulkLength");
        }
    }

    private static IEnumerable<CorpusItem> WrongFraming() =>
    [
        CorpusItem.Wrong("lone CR after the count", "*1\r$4\r\nPING\r\n", "InvalidLineEnding"),
        CorpusItem.Wrong("two CRs after the count", "*1\r\r\n$4\r\nPING\r\n", "InvalidLineEnding"),
        CorpusItem.Wrong("no CR after the count", "*1\n$4\r\nPING\r\n", "InvalidMultibulkLength"),
        CorpusItem.Wrong("lone CR after a no-op", "*0\rx", "InvalidLineEnding"),
        CorpusItem.Wrong("lone CR after the length", "*1\r\n$4\rxPING\r\n", "InvalidLineEnding"),
        CorpusItem.Wrong("no CR after the length", "*1\r\n$4\nPING\r\n", "InvalidBulkLength"),
        CorpusItem.Wrong("body too long", "*1\r\n$4\r\nPINGX\r\n", "InvalidLineEnding"),
        CorpusItem.Wrong("body too long by a line end", "*1\r\n$4\r\nPING\n\r\n", "InvalidLineEnding"),
        CorpusItem.Wrong("body too short", "*1\r\n$4\r\nPIN\r\n*1", "InvalidLineEnding"),
        CorpusItem.Wrong("lone CR after the body", "*1\r\n$4\r\nPING\r$", "InvalidLineEnding"),
        CorpusItem.Wrong("no line end after the last body", "*2\r\n$3\r\nget\r\n$1\r\nkxy", "InvalidLineEnding"),
        CorpusItem.Wrong("empty body without line end", "*2\r\n$3\r\nget\r\n$0\r\n$1\r\n", "InvalidLineEnding"),
        CorpusItem.Wrong("no dollar", "*1\r\nPING\r\n", "ExpectedDollar 'P'"),
        CorpusItem.Wrong("nested array", "*1\r\n*1\r\n$4\r\nPING\r\n", "ExpectedDollar '*'"),
        CorpusItem.Wrong("number as an argument", "*2\r\n$3\r\nget\r\n:1\r\n", "ExpectedDollar ':'"),
        CorpusItem.Wrong("line end for a dollar", "*1\r\n\r\n", "ExpectedDollar '\r'"),
        CorpusItem.Wrong("zero byte for a dollar", "*1\r\n\0", "ExpectedDollar '\0'"),
        CorpusItem.Wrong("high byte for a dollar", "*1\r\n\xff\r\n", "ExpectedDollar '\xff'"),
    ];

    private static IEnumerable<CorpusItem> Strangers() =>
    [
        CorpusItem.Wrong("TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TlsHello"),
        CorpusItem.Wrong("TLS hello, one byte", "\x16", "TlsHello"),
        new("HTTP", [("GET / HTTP/1.1\r\n", "inline"), ("Host: localhost\r\n", "inline"), ("\r\n", "inline")]),
        new("HTTP POST", [("POST / HTTP/1.1\r\n", "inline"), ("Content-Length: 3\r\n", "inline")], "abc"),
        CorpusItem.Whole("a reply: array of a bulk", "*1\r\n$2\r\nOK\r\n", "Plain"),
        CorpusItem.Whole("a reply: error", "-ERR no\r\n", "inline"),
    ];

    private static string Show(string text) => Uri.EscapeDataString(text);

    private static string Repeat(int count) => new('x', count);
}
