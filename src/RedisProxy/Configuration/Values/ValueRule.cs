using System.Diagnostics.CodeAnalysis;

namespace RedisProxy.Configuration;

/// <summary>Understands one value. Returns null when it did, else the complaint: the value as given, and what was expected.</summary>
internal delegate string? ValueParser<T>(string text, [MaybeNull] out T value);

/// <summary>What the value of a key may be: how it is understood, how it is written, and between which bounds.</summary>
/// <param name="Parse">Knows the bounds as well.</param>
internal sealed record ValueRule<T>(ValueParser<T> Parse)
{
    /// <summary>Null when the values of this kind have no order.</summary>
    public ValueRange? Range { get; init; }

    /// <summary>All values that there are, as they are written; empty when they cannot be listed.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>As it would stand in a configuration.</summary>
    public Func<T, string> Write { get; init; } = static value => value?.ToString() ?? "";
}

/// <summary>The first and the last value that are accepted, as they are written.</summary>
/// <param name="Special">What stands before them in prose, such as a value that means "automatic".</param>
internal sealed record ValueRange(string Min, string Max, string Special = "")
{
    public override string ToString() => $"{Special}{Min} to {Max}";
}
