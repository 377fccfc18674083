using System.Globalization;
using System.Text;

namespace RedisProxy.Benchmarks;

/// <summary>The messages that are measured, as bytes on the wire.</summary>
internal static class Messages
{
    public const int BodyBytes = 64 * 1024;

    /// <summary>What one receive brings at most: bigger messages arrive in pieces.</summary>
    public const int ReceiveBytes = 16 * 1024;

    /// <summary>GET and SET in turn; the SETs, of three arguments, are exactly <paramref name="setBytes"/> long.</summary>
    public static byte[] GetsAndSets(int count, int setBytes) =>
        Repeat(count, i => i % 2 == 0 ? "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000001\r\n" : Set(setBytes));

    public static byte[] Sets(int count, int bytes) => Repeat(count, _ => Set(bytes));

    public static byte[] SetOfBody(int bodyBytes) => Encoding.ASCII.GetBytes("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n" + Bulk(bodyBytes));

    public static byte[] Oks(int count) => Repeat(count, _ => "+OK\r\n");

    public static byte[] Bulks(int count, int bodyBytes) => Repeat(count, _ => Bulk(bodyBytes));

    public static byte[] Array(int elements, int bodyBytes) =>
        [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"*{elements}\r\n")), .. Bulks(elements, bodyBytes)];

    private static string Set(int bytes)
    {
        string head = "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n";
        int bodyBytes = bytes - head.Length - "$nn\r\n\r\n".Length;
        return head + Bulk(bodyBytes);
    }

    private static string Bulk(int bytes) => string.Create(CultureInfo.InvariantCulture, $"${bytes}\r\n{new string('x', bytes)}\r\n");

    private static byte[] Repeat(int count, Func<int, string> message) =>
        Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, count).Select(message)));
}
