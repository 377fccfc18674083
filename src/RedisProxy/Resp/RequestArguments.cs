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

    /// <summary>An argument that is a keyword of the command's syntax, in capitals.</summary>
    public static string Upper(byte[] argument) => Encoding.Latin1.GetString(argument).ToUpperInvariant();

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
