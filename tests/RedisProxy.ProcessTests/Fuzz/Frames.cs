using System.Globalization;
using System.Text;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>
/// Cuts bytes from a server into replies, and what was said without being asked. Not the proxy's scanner, and of no depth: what checks
/// it must not share its mistakes.
/// </summary>
internal sealed class Frames
{
    private byte[] _pending = [];

    public List<string> Replies { get; } = [];

    /// <summary>Messages and invalidations.</summary>
    public List<string> Unasked { get; } = [];

    /// <summary>Not empty: the bytes are no reply.</summary>
    public string Broken { get; private set; } = "";

    public bool IsInside => _pending.Length > 0;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        byte[] all = [.. _pending, .. bytes];
        int taken = 0;
        try
        {
            while (taken < all.Length && LengthOf(all.AsSpan(taken)) is var length and > 0)
            {
                string frame = Encoding.Latin1.GetString(all, taken, length);
                (IsUnasked(frame) ? Unasked : Replies).Add(frame);
                taken += length;
            }
        }
        catch (FormatException e)
        {
            Broken = $"{e.Message}: {Show(Encoding.Latin1.GetString(all, taken, all.Length - taken))}";
        }

        _pending = taken == 0 ? all : all[taken..];
    }

    /// <summary>For people.</summary>
    public static string Show(string frame)
    {
        string text = frame.Length > 160 ? string.Create(CultureInfo.InvariantCulture, $"{frame[..120]}… ({frame.Length})") : frame;
        return text.Replace("\r\n", "⏎", StringComparison.Ordinal);
    }

    /// <summary>The elements of an array of strings, as far as there are any.</summary>
    public static string[] Words(string frame) =>
        [.. frame.Split("\r\n").Where(static (_, i) => i > 0).Where(static word => word.Length > 0 && word[0] is not ('$' or '*'))];

    // Channels of the tests begin with "chan-", which no value does that a request asks for.
    private static bool IsUnasked(string frame) =>
        frame[0] == '>' ? !Head(frame, 2).EndsWith("subscribe", StringComparison.Ordinal)
        : frame.StartsWith("*3\r\n$7\r\nmessage\r\n$6\r\nchan-", StringComparison.Ordinal)
            || frame.StartsWith("*4\r\n$8\r\npmessage\r\n$6\r\nchan-", StringComparison.Ordinal)
            || frame.StartsWith("*3\r\n$8\r\nsmessage\r\n$6\r\nchan-", StringComparison.Ordinal);

    private static string Head(string frame, int line) => frame.Split("\r\n", line + 2)[line];

    /// <summary>Length of the frame that begins here; 0: it is not complete.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static int LengthOf(ReadOnlySpan<byte> bytes)
    {
        int position = 0;
        for (long owed = 1; owed > 0; owed--)
        {
            int end = bytes[position..].IndexOf("\r\n"u8);
            if (end < 0)
            {
                return 0;
            }

            ReadOnlySpan<byte> line = bytes.Slice(position, end);
            position += end + 2;
            switch (line.IsEmpty ? (byte)0 : line[0])
            {
                case (byte)'+' or (byte)'-' or (byte)':' or (byte)'#' or (byte)',' or (byte)'(' or (byte)'_':
                    break;
                case (byte)'$' or (byte)'!' or (byte)'=':
                    int length = Number(line);
                    position += length < 0 ? 0 : length + 2;
                    break;
                case (byte)'*' or (byte)'~' or (byte)'>':
                    owed += Math.Max(0, Number(line));
                    break;
                case (byte)'%':
                    owed += 2 * Number(line);
                    break;
                default:
                    throw new FormatException("No reply begins so");
            }

            if (position > bytes.Length)
            {
                return 0;
            }
        }

        return position;
    }

    private static int Number(ReadOnlySpan<byte> line) => int.Parse(line[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
