using System.Globalization;

namespace RedisProxy.Configuration;

/// <summary>
/// Durations as people write them: a whole number and a unit, <c>250ms</c>, <c>4s</c>, <c>2m</c>, <c>1h</c>; <c>0</c> needs no unit.
/// Deliberately neither fractions nor sums: there is one obvious way to write each value.
/// </summary>
internal static class DurationText
{
    private static readonly (string Unit, TimeSpan Length)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)),
        ("s", TimeSpan.FromSeconds(1)),
        ("m", TimeSpan.FromMinutes(1)),
        ("h", TimeSpan.FromHours(1)),
    ];

    /// <summary>A value too large for <see cref="TimeSpan"/> becomes the maximum, which is out of every range.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        int digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        if (digits < 0)
        {
            return text.Length > 0 && text.AsSpan().IndexOfAnyExcept('0') < 0;
        }

        foreach ((string unit, TimeSpan length) in Units)
        {
            if (digits > 0 && text.AsSpan(digits).SequenceEqual(unit))
            {
                duration = Multiply(text.AsSpan(0, digits), length);
                return true;
            }
        }

        return false;
    }

    /// <summary>In the largest unit that gives a whole number.</summary>
    public static string Format(TimeSpan duration)
    {
        for (int i = Units.Length - 1; i > 0; i--)
        {
            if (duration > TimeSpan.Zero && duration.Ticks % Units[i].Length.Ticks == 0)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{duration.Ticks / Units[i].Length.Ticks}{Units[i].Unit}");
            }
        }

        return duration == TimeSpan.Zero
            ? "0s"
            : string.Create(CultureInfo.InvariantCulture, $"{duration.Ticks / TimeSpan.TicksPerMillisecond}ms");
    }

    private static TimeSpan Multiply(ReadOnlySpan<char> digits, TimeSpan length) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= long.MaxValue / length.Ticks
            ? TimeSpan.FromTicks(number * length.Ticks)
            : TimeSpan.MaxValue;
}
