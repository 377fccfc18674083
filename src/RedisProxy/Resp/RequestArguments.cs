using System.Diagnostics;
using System.Text;

namespace RedisProxy.Resp;

/// <summary>Reads the arguments of one complete request. For the few commands that change session state; all others only pass.</summary>
internal static class RequestArguments
{
    /// <param name="frame">One request as <see cref="RequestScanner"/> found it: complete, multibulk, well-formed, no no-op.</param>
    public static List<byte[]> Read(ReadOnlySpan<byte> frame)
    {
        int at = 1;
        int count = TakeNumber(frame, ref at);
        var arguments = new List<byte[]>(Math.Min(count, 16));
        for (int i = 0; i < count; i++)
        {
            Debug.Assert(frame[at] == '$', "the scanner let only well-formed requests pass");
            at++;
            int length = TakeNumber(frame, ref at);
            arguments.Add(frame.Slice(at, length).ToArray());
            at += length + 2;
        }

        Debug.Assert(at == frame.Length, "the frame is exactly one request");
        return arguments;
    }

    /// <summary>An argument that is a word of the command's syntax, in capitals.</summary>
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
