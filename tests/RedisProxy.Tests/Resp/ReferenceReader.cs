using System.Text;
using System.Text.RegularExpressions;

namespace RedisProxy.Tests.Resp;

/// <summary>
/// Takes bytes one by one from a stream that is wholly in memory, and throws where it ends. What the reference parsers have in common;
/// written for simplicity, and on purpose with other means than the scanners.
/// </summary>
internal sealed partial class ReferenceReader(byte[] input)
{
    public int At { get; private set; }

    public bool IsAtEnd => At == input.Length;

    public byte Peek() => At < input.Length ? input[At] : throw new EndOfStreamException();

    public byte Take()
    {
        byte value = Peek();
        At++;
        return value;
    }

    public byte[] Take(long count)
    {
        if (count > input.Length - At)
        {
            throw new EndOfStreamException();
        }

        At += (int)count;
        return input[(At - (int)count)..At];
    }

    public void Expect(string text, string otherwise)
    {
        foreach (char expected in text)
        {
            Require(Take() == expected, otherwise);
        }
    }

    /// <summary>A number and its line end; what cannot be the beginning of one is wrong at once, before the line has ended.</summary>
    public long TakeNumber(string otherwise, string? otherwiseLineEnd = null)
    {
        var text = new StringBuilder();
        while (true)
        {
            char next = (char)Take();
            if (next == '\r' && Number().IsMatch(text.ToString()))
            {
                Expect("\n", otherwiseLineEnd ?? otherwise);
                return long.Parse(text.ToString(), System.Globalization.CultureInfo.InvariantCulture);
            }

            text.Append(next);
            Require(BeginningOfNumber().IsMatch(text.ToString()), otherwise);
        }
    }

    public static void Require(bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new FormatException(otherwise);
        }
    }

    [GeneratedRegex(@"^(0|-?[1-9][0-9]{0,17})\z")]
    private static partial Regex Number();

    [GeneratedRegex(@"^(0|-|-?[1-9][0-9]{0,17})\z")]
    private static partial Regex BeginningOfNumber();
}
