namespace RedisProxy.Tests.Resp;

/// <summary>The ways in which a stream may arrive.</summary>
internal static class Splits
{
    private const int RandomSplits = 20;

    /// <summary>Longer inputs are cut in two only near their ends; what lies between is bodies, or cut by chance.</summary>
    private const int EveryCutBytes = 2000;

    /// <summary>The transcript is the expected one, whatever the pieces.</summary>
    public static void AssertAll(string expected, byte[] input, Func<byte[], int[], string> transcript, Random random)
    {
        Assert.Equal(expected, transcript(input, []));
        for (int cut = 0; cut <= input.Length; cut++)
        {
            if (input.Length > EveryCutBytes && cut == EveryCutBytes / 2)
            {
                cut = input.Length - (EveryCutBytes / 2);
            }

            AssertSame(expected, transcript(input, [cut]), () => $"cut at {cut}");
        }

        AssertSame(expected, transcript(input, [.. Enumerable.Range(0, input.Length)]), () => "byte by byte");
        for (int i = 0; i < RandomSplits; i++)
        {
            AssertRandom(expected, input, transcript, random);
        }
    }

    public static void AssertRandom(string expected, byte[] input, Func<byte[], int[], string> transcript, Random random)
    {
        int[] cuts = Random(input.Length, random);
        AssertSame(expected, transcript(input, cuts), () => $"cuts at {string.Join(',', cuts)}");
    }

    // Short and long pieces in one stream: the maximum is drawn anew for every piece.
    private static int[] Random(int length, Random random)
    {
        var cuts = new List<int>();
        for (int at = 0; at <= length; at += random.Next(0, 1 << random.Next(1, 11)))
        {
            if (cuts.Count > 2 * length)
            {
                break;
            }

            cuts.Add(at);
        }

        return [.. cuts];
    }

    private static void AssertSame(string expected, string actual, Func<string> where)
    {
        if (expected != actual)
        {
            Assert.Fail($"{where()}\nexpected: {expected}\nactual:   {actual}");
        }
    }
}
