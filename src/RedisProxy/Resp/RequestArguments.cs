using System.Diagnostics;
using System.Text;

namespace RedisProxy.Resp;

/// <summary>Reads the arguments of one complete request, for the few commands that are inspected.</summary>
internal static class RequestArguments
{
    /// <param name="frame">One request as found by <see cref="RequestScanner"/>: complete, multibulk, well-formed, not a no-op.</param>
    public static List<byte[]> Read(ReadOnlySpan<byte> frame)
    {
        int at = 1;
        int count = TakeNumber(frame, ref at);
        var arguments = new List<byte[]>(Math.Min(count, 16));
        for (int i = 0; i < count; i++)
        {
            Debug.Assert(frame[at] == '$', "the scanner passes only well-formed requests");
            at++;
            int length = TakeNumber(frame, ref at);
            arguments.Add(frame.Slice(at, length).ToArray());
            at += length + 2;
        }

        Debug.Assert(at == frame.Length, "the frame is exactly one request");
        return arguments;
    }

    /// <summary>The first arguments of a request in either form, as far as they are there; for people to read.</summary>
    /// <param name="frame">One complete request, perhaps behind others that redis skips; or nothing.</param>
    /// <param name="count">How many, at most.</param>
    public static IReadOnlyList<byte[]> ReadFirst(ReadOnlySpan<byte> frame, int count)
    {
        int at = 0;
        int there = 0;
        while (there <= 0)
        {
            frame = frame[at..].TrimStart("\r\n"u8);
            if (frame.IsEmpty || frame[0] != '*')
            {
                return InlineRequest.TrySplit(frame, out List<byte[]> words) ? [.. words.Take(count)] : [];
            }

            at = 1;
            there = TakeNumber(frame, ref at);
        }

        count = Math.Min(count, there);
        var arguments = new List<byte[]>(count);
        while (arguments.Count < count)
        {
            at++;
            int length = TakeNumber(frame, ref at);
            arguments.Add(frame.Slice(at, length).ToArray());
            at += length + 2;
        }

        return arguments;
    }

    /// <summary>
    /// An argument that is a keyword of the command's syntax, in capitals, as far as redis reads it: it compares such words as C strings,
    /// so <c>OFF\0x</c> is OFF.
    /// </summary>
    public static string Upper(byte[] argument)
    {
        int end = argument.AsSpan().IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? argument : argument.AsSpan(0, end)).ToUpperInvariant();
    }

    private static int TakeNumber(ReadOnlySpan<byte> frame, ref int at)
    {
        int number = 0;
        while (frame[at] != '\r')
        {
            number = (number * 10) + (frame[at++] - '0');
        }

        at += 2;
        return number;
    }
}
