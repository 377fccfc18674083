using System.Diagnostics.CodeAnalysis;

namespace RedisProxy.Configuration;

/// <summary>Parses one value. Returns null on success, otherwise the message: the given value and the expected one.</summary>
internal delegate string? ValueParser<T>(string text, [MaybeNull] out T value);

/// <summary>The rule for a key's value: how it is parsed, how it is written, and its bounds.</summary>
/// <param name="Parse">Checks the bounds as well.</param>
internal sealed record ValueRule<T>(ValueParser<T> Parse)
{
    /// <summary>Null when values of this kind have no order.</summary>
    public ValueRange? Range { get; init; }

    /// <summary>All possible values, as they are written; empty when they cannot be listed.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>What the value is in JSON.</summary>
    public ValueKind Kind { get; init; }

    /// <summary>A regular expression that every accepted string matches, in the syntax that JavaScript and Go share; null: any.</summary>
    public string? Pattern { get; init; }

    /// <summary>A value as written in a configuration.</summary>
    public Func<T, string> Write { get; init; } = static value => value?.ToString() ?? "";
}

/// <summary>The smallest and the largest accepted value, as they are written.</summary>
/// <param name="Special">Text before them, for values with a special meaning such as "automatic".</param>
internal sealed record ValueRange(string Min, string Max, string Special = "")
{
    public override string ToString() => $"{Special}{Min} to {Max}";
}

/// <summary>Kinds of values in a JSON file. Whatever is no string there is taken by its text: <c>5</c> is <c>"5"</c>.</summary>
internal enum ValueKind
{
    /// <summary>A text, and so anything that is not a list or an object.</summary>
    Text,

    /// <summary>Neither a number nor a boolean can be right.</summary>
    String,

    /// <summary>A number can be right, a boolean cannot.</summary>
    StringOrNumber,

    Flag,
    Number,
    Duration,
    Size,
}
