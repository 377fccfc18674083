using System.Globalization;
using System.Text;
using RedisProxy.Resp;

namespace RedisProxy.Tests.Resp;

/// <summary>Requests as a client may send them, and some that only a test sends; all are strictly framed.</summary>
internal static class RandomRequests
{
    private static readonly string[] Names =
    [
        .. CommandNames.Reads.Split(' '), .. CommandNames.Blocking.Split(' '), .. CommandNames.Nested.Split(' '),
        .. CommandNames.NestedReads.Split(' '),
        .. CommandNames.Special.Select(s => s.Name), "set", "incr", "lpush", "publish", "getx", "ge",
    ];

    /// <summary>One to eight requests; the last one may be unfinished.</summary>
    public static byte[] Pipeline(Random random)
    {
        var bytes = new List<byte>();
        int count = random.Next(1, 9);
        for (int i = 0; i < count; i++)
        {
            bytes.AddRange(Request(random));
        }

        return random.Next(4) == 0 ? [.. bytes.Take(random.Next(bytes.Count + 1))] : [.. bytes];
    }

    /// <summary>Any bytes, with a liking for those that mean something in RESP.</summary>
    public static byte[] Body(Random random, int maxBytes)
    {
        byte[] body = new byte[random.Next(maxBytes + 1)];
        random.NextBytes(body);
        if (random.Next(2) == 0)
        {
            for (int i = 0; i < body.Length; i++)
            {
                body[i] = Mutation.SpeakingBytes[body[i] % Mutation.SpeakingBytes.Length];
            }
        }

        return body;
    }

    public static byte[] Multibulk(IReadOnlyCollection<byte[]> arguments)
    {
        var bytes = new List<byte>(Encoding.ASCII.GetBytes(Header('*', arguments.Count)));
        foreach (byte[] argument in arguments)
        {
            bytes.AddRange(Encoding.ASCII.GetBytes(Header('$', argument.Length)));
            bytes.AddRange(argument);
            bytes.AddRange("\r\n"u8);
        }

        return [.. bytes];
    }

    private static byte[] Request(Random random) => random.Next(10) switch
    {
        0 => Encoding.ASCII.GetBytes($"*{-random.Next(3)}\r\n"),
        1 or 2 => Inline(random),
        _ => Multibulk([Name(random), .. Enumerable.Range(0, random.Next(5)).Select(_ => Body(random, 1 << random.Next(9)))]),
    };

    private static byte[] Inline(Random random)
    {
        byte[] line = [.. Body(random, 40).Where(b => b is not (0 or (byte)'\n'))];
        bool isTaken = line is [(byte)'*' or 0x16, ..];
        return [.. isTaken ? " "u8 : ""u8, .. line, .. random.Next(2) == 0 ? "\r\n"u8 : "\n"u8];
    }

    private static byte[] Name(Random random)
    {
        if (random.Next(10) == 0)
        {
            return Body(random, 30);
        }

        byte[] name = Encoding.ASCII.GetBytes(Names[random.Next(Names.Length)]);
        for (int i = 0; i < name.Length; i++)
        {
            name[i] = random.Next(2) == 0 ? (byte)char.ToUpperInvariant((char)name[i]) : name[i];
        }

        return name;
    }

    private static string Header(char type, int number) => string.Create(CultureInfo.InvariantCulture, $"{type}{number}\r\n");
}
