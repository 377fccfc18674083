namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>Values that look like the protocol: a scanner that loses its place finds requests and replies in them.</summary>
internal static class HostileBodies
{
    private static readonly string[] Parts =
    [
        "\r\n", "\n", "\r", "\0", "*3\r\n$3\r\nSET\r\n", "*1\r\n$4\r\nPING\r\n", "+OK\r\n", "$-1\r\n", "*-1\r\n", "-ERR no\r\n", ":1\r\n",
        "$5\r\n", "*0\r\n", "_\r\n", "%1\r\n", "~2\r\n", ">2\r\n$7\r\nmessage\r\n", ",1.5\r\n", "#t\r\n", "(12345\r\n", "=7\r\ntxt:abc\r\n",
        "|1\r\n", "!3\r\nERR\r\n", "QUIT\r\n", "x", "abc", "\u00ff\u00fe", "$0\r\n\r\n", "-LOADING\r\n", "EXEC\r\n",
    ];

    // Around these the proxy and the kernel change what they do.
    private static readonly int[] Sizes = [4 * 1024, 16 * 1024, 32 * 1024, 64 * 1024, 68 * 1024];

    public static string Short(StrangerStream stream) => Of(stream, stream.Random.Next(6));

    /// <summary>Below the length at which a hash or a set changes its order.</summary>
    public static string Element(StrangerStream stream)
    {
        string body = Short(stream);
        return body.Length <= 60 ? body : stream.Owner.Token();
    }

    /// <summary>Large now and then, close to a limit.</summary>
    public static string Any(StrangerStream stream, int largest)
    {
        Random random = stream.Random;
        int size = random.Next(24) == 0 ? Sizes[random.Next(Sizes.Length)] + random.Next(-100, 100) : 0;
        if (size == 0 || size > largest)
        {
            return Short(stream);
        }

        string end = stream.Owner.Token();
        string begin = Of(stream, 20);
        int fill = size - begin.Length - end.Length;
        string part = Parts[random.Next(Parts.Length)];
        return begin + string.Concat(Enumerable.Repeat(part, Math.Max(0, fill / part.Length))) + end;
    }

    private static string Of(StrangerStream stream, int parts)
    {
        Random random = stream.Random;
        string middle = string.Concat(Enumerable.Range(0, parts).Select(_ => Parts[random.Next(Parts.Length)]));
        return stream.Owner.Token() + middle;
    }
}
