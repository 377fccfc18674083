using System.Globalization;

namespace RedisProxy.Configuration;

/// <summary>
/// Sizes as people write them: bytes (<c>65536</c>), or a whole number and a binary unit (<c>64KiB</c>, <c>10MiB</c>, <c>1GiB</c>). Not
/// <c>64KB</c> or <c>64k</c>: they mean 64000 to some and 65536 to others.
/// </summary>
internal static class SizeText
{
    private static readonly (string Unit, long Bytes)[] Units = [("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30)];

    /// <summary>A value too large for <see cref="long"/> becomes the maximum, which is out of every range.</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        int digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        if (digits < 0)
        {
            bytes = Multiply(text, 1);
            return text.Length > 0;
        }

        foreach ((string unit, long unitBytes) in Units)
        {
            if (digits > 0 && text.AsSpan(digits).SequenceEqual(unit))
            {
                bytes = Multiply(text.AsSpan(0, digits), unitBytes);
                return true;
            }
        }

        return false;
    }

    /// <summary>In the largest unit that gives a whole number.</summary>
    public static string Format(long bytes)
    {
        for (int i = Units.Length - 1; i >= 0; i--)
        {
            if (bytes > 0 && bytes % Units[i].Bytes == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{bytes / Units[i].Bytes}{Units[i].Unit}");
            }
        }

        return bytes.ToString(CultureInfo.InvariantCulture);
    }

    private static long Multiply(ReadOnlySpan<char> digits, long unitBytes) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= long.MaxValue / unitBytes
            ? number * unitBytes
            : long.MaxValue;
}
