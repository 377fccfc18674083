using System.Globalization;

namespace RedisProxy.Configuration;

/// <summary>One key that differs between two options.</summary>
/// <param name="Text">The key, and its values unless they are secret.</param>
/// <param name="NeedsRestart">A running proxy keeps the old value.</param>
internal sealed record OptionChange(string Text, bool NeedsRestart)
{
    /// <summary>A value as it is written in a configuration.</summary>
    public static string Show(object? value) => value switch
    {
        null or "" => "none",
        TimeSpan duration => DurationText.Format(duration),
        bool truth => truth ? "true" : "false",
        Enum choice => choice.ToString().ToLowerInvariant(),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
