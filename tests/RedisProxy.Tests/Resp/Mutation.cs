namespace RedisProxy.Tests.Resp;

/// <summary>Breaks a stream in one to three places.</summary>
internal static class Mutation
{
    /// <summary>Bytes that mean something in RESP, or nearly do.</summary>
    public static byte[] SpeakingBytes { get; } =
        [.. "\r\n$*0123456789-+:_#,(!=%~|>;.?\0 \"'\\ax"u8, (byte)'\r', (byte)'\n', 0x16, 0x80, 0xff];

    public static byte[] Apply(byte[] input, Random random)
    {
        var bytes = new List<byte>(input);
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            ApplyOnce(bytes, random);
        }

        return [.. bytes];
    }

    private static void ApplyOnce(List<byte> bytes, Random random)
    {
        int at = random.Next(bytes.Count + 1);
        int length = Math.Min(random.Next(1, 6), bytes.Count - at);
        switch (random.Next(6))
        {
            case 0:
                bytes.Insert(at, Speaking(random));
                break;
            case 1:
                bytes.RemoveRange(at, length);
                break;
            case 2:
                bytes.InsertRange(at, bytes.GetRange(at, length));
                break;
            case 3:
                bytes.RemoveRange(at, random.Next(8) == 0 ? bytes.Count - at : 0);
                break;
            default:
                if (length > 0)
                {
                    bytes[at] = Speaking(random);
                }

                break;
        }
    }

    private static byte Speaking(Random random) => SpeakingBytes[random.Next(SpeakingBytes.Length)];
}
