using System.Globalization;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>
/// How a hostile client ends. What must be refused is refused by redis, too, or the proxy is stricter; behind it come requests that
/// nobody may ever execute.
/// </summary>
internal static class HostileTails
{
    private static readonly string[] Refused =
    [
        "*1\r\n$+4\r\nPING\r\n", "*+1\r\n$4\r\nPING\r\n", "*1\r\n$04\r\nPING\r\n", "*01\r\n$4\r\nPING\r\n",
        "* 1\r\n$4\r\nPING\r\n", "*1 \r\n$4\r\nPING\r\n", "*1\r\n$ 4\r\nPING\r\n", "*1\r\n$-4\r\nPING\r\n", "*1\r\n$-1\r\n",
        "*1\r\nPING\r\n", "*1\r\n:4\r\n", "*99999999999\r\n", "*2147483648\r\n", "*9223372036854775808\r\n",
        "*1\r\n$99999999999999\r\n", "*1\r\n$536870913\r\n", "*1\r\n$18446744073709551620\r\nPING\r\n",
        "*4294967297\r\n$4\r\nPING\r\n", "*1x\r\n", "*1\r\n$4x\r\nPING\r\n", "*1\rX$4\r\nPING\r\n", "*1\r\n$4\rXPING\r\n",
        "*1\r\n$4\r\nPINGxx", "*1\r\n$4\r\nPING\n\n", "*1\n$4\nPING\n", "*\r\n", "*1\r\n$\r\n", "*--1\r\n", "*-\r\n", "*-01\r\n",
        "*1\r\n$-0\r\n\r\n", "*1e1\r\n", "*0x1\r\n", "ECHO \"abc\r\n", "ECHO 'abc\"\r\n", "ECHO \"a\"b\r\n",
        "POST / HTTP/1.1\r\n", "Host: example\r\n", "\u0016\u0003\u0001\u0002\0",
    ];

    private static readonly string[] Unfinished =
    [
        "*1000000\r\n", "*1\r\n$400000000\r\nx", "*2\r\n$4\r\nECHO\r\n$5\r\nab", "*", "*3\r", "*1\r\n$", "ECHO abc", "*2\r\n$4\r\nECHO\r\n",
        "*3\r\n$3\r\nSET\r\n", "*2\r\n$200\r\n", "*2\r\n$3\r\nGET\r\n$70000\r\n", "*1\r\n$5\r\nMULTI\r\n",
    ];

    private const string Disturbing = "\r\n*$-+0123456789:% \0x\"";

    // With any other of these, two of the bytes behind it would end the body as they should.
    private static readonly int[] TooLong = [1, 3, 4, 5, 7, 8, 9, 10, 11];

    /// <summary>Malformed at a place that is known: an error or an end is all that comes.</summary>
    public static void AddRefused(StrangerStream stream)
    {
        Random random = stream.Random;
        string token = stream.Owner.Token();
        int exact = token.Length;
        string tail = random.Next(8) switch
        {
            // A body that is shorter or longer than it says: what follows would be requests to who believes it.
            0 => Body(token, exact - 1 - random.Next(4)),
            1 => Body(token, exact + 1),
            2 => Body(token, exact + 2) + Smuggled(stream),
            3 => Body(token + Smuggled(stream) + "\r\n", exact + TooLong[random.Next(TooLong.Length)]),
            4 => new string('x', 64 * 1024 + random.Next(1, 2000)),
            _ => Refused[random.Next(Refused.Length)],
        };
        stream.Say(tail);
        for (int i = random.Next(4); i > 0; i--)
        {
            stream.Say(Smuggled(stream));
        }
    }

    /// <summary>A request that never ends.</summary>
    public static void AddUnfinished(StrangerStream stream)
    {
        stream.Say(Unfinished[stream.Random.Next(Unfinished.Length)]);
    }

    /// <summary>Valid requests of which some bytes are changed, removed or added: what comes of it is nobody else's business.</summary>
    public static void AddGarbled(StrangerStream stream)
    {
        Random random = stream.Random;
        var valid = new StrangerStream(random, stream.Owner);
        for (int i = random.Next(1, 12); i > 0; i--)
        {
            OwnRequests.Add(valid, 5000);
        }

        List<byte> bytes = [.. valid.ToBytes()];
        for (int i = random.Next(1, 4); i > 0 && bytes.Count > 8; i--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes.RemoveAt(at);
                    break;
                case 1:
                    bytes.Insert(at, AnyByte(random));
                    break;
                case 2:
                    int length = random.Next(1, Math.Min(20, bytes.Count - at + 1));
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count - 8), 8));
                    break;
                default:
                    bytes[at] = AnyByte(random);
                    break;
            }
        }

        stream.Say([.. bytes]);
    }

    private static byte AnyByte(Random random) => (byte)Disturbing[random.Next(Disturbing.Length)];

    private static string Body(string body, int length) =>
        string.Create(CultureInfo.InvariantCulture, $"*2\r\n$4\r\nECHO\r\n${length}\r\n{body}\r\n");

    private static string Smuggled(StrangerStream stream)
    {
        string token = "smuggled" + stream.Owner.Token();
        return string.Create(CultureInfo.InvariantCulture, $"*2\r\n$4\r\nECHO\r\n${token.Length}\r\n{token}\r\n");
    }
}
