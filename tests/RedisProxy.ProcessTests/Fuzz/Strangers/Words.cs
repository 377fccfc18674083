using System.Globalization;
using System.Text;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>Bytes of replies and requests, by the protocol's description and not by the proxy's code.</summary>
internal static class Words
{
    public static readonly byte[] Ok = Bytes("+OK\r\n");
    public static readonly byte[] Queued = Bytes("+QUEUED\r\n");
    public static readonly byte[] WrongType = Bytes("-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
    public static readonly byte[] NotAnInteger = Bytes("-ERR value is not an integer or out of range\r\n");

    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    public static byte[] Bulk(string text) => Bytes(string.Create(CultureInfo.InvariantCulture, $"${text.Length}\r\n{text}\r\n"));

    public static byte[] Number(long number) => Bytes(string.Create(CultureInfo.InvariantCulture, $":{number}\r\n"));

    public static byte[] Simple(string text) => Bytes($"+{text}\r\n");

    public static byte[] Null(int protocol) => Bytes(protocol == 3 ? "_\r\n" : "$-1\r\n");

    public static byte[] NullArray(int protocol) => Bytes(protocol == 3 ? "_\r\n" : "*-1\r\n");

    public static byte[] Array(params byte[][] items) => Aggregate('*', items.Length, items);

    public static byte[] Set(int protocol, params byte[][] items) => Aggregate(protocol == 3 ? '~' : '*', items.Length, items);

    /// <param name="items">Key, value, key, value.</param>
    public static byte[] Map(int protocol, params byte[][] items) =>
        protocol == 3 ? Aggregate('%', items.Length / 2, items) : Aggregate('*', items.Length, items);

    /// <summary>What a message is, and the replies of subscriptions.</summary>
    public static byte[] Push(int protocol, params byte[][] items) => Aggregate(protocol == 3 ? '>' : '*', items.Length, items);

    public static byte[] Double(int protocol, string number) => protocol == 3 ? Bytes($",{number}\r\n") : Bulk(number);

    public static byte[] Request(params string[] words) => Array([.. words.Select(Bulk)]);

    private static byte[] Aggregate(char kind, int count, byte[][] items) =>
        [.. Bytes(string.Create(CultureInfo.InvariantCulture, $"{kind}{count}\r\n")), .. items.SelectMany(static item => item)];
}
