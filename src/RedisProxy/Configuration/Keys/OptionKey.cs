namespace RedisProxy.Configuration;

/// <summary>One key of the options <typeparamref name="T"/>: what the documentation, changes and a reload need to know about it.</summary>
/// <param name="Name">Relative to the section of these options, such as <c>keepAlive.time</c>.</param>
/// <param name="Compare">Its values in two options, as displayed; equal when unchanged.</param>
/// <param name="Keep">The second options with the value of the first.</param>
internal sealed record OptionKey<T>(string Name, Func<T, T, (object? From, object? To)> Compare, Func<T, T, T> Keep)
    where T : class
{
    public ValueRange? Range { get; init; }

    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>The default as written in a configuration; null: none, or described in the documentation.</summary>
    public string? Default { get; init; }

    /// <summary>The values are not shown.</summary>
    public bool IsSecret { get; init; }

    public bool IsRequired { get; init; }

    /// <summary>Identifies the members of a list; another value is another member, not a change.</summary>
    public bool IsIdentity { get; init; }

    /// <summary>A running proxy keeps the old value.</summary>
    public bool NeedsRestart { get; init; }

    /// <summary>A running proxy keeps the old value for some pairs of old and new options.</summary>
    public Func<T, T, bool> NeedsRestartBetween { get; init; } = static (_, _) => false;

    /// <summary>Whether a running proxy keeps the old value.</summary>
    public bool IsKept(T old, T now) => NeedsRestart || NeedsRestartBetween(old, now);

    /// <summary>The same key, seen from the enclosing options. Without the nested options it has no value, and nothing to keep.</summary>
    public OptionKey<TWhole> Within<TWhole>(string name, Func<TWhole, T?> get, Func<TWhole, T, TWhole> with)
        where TWhole : class => new(
            name,
            (old, now) => (get(old) is { } from ? Compare(from, from).From : null, get(now) is { } to ? Compare(to, to).To : null),
            (old, now) => get(old) is { } from && get(now) is { } to ? with(now, Keep(from, to)) : now)
        {
            Range = Range,
            Choices = Choices,
            Default = Default,
            IsSecret = IsSecret,
            IsRequired = IsRequired,
            IsIdentity = IsIdentity,
            NeedsRestart = NeedsRestart,
            NeedsRestartBetween = (old, now) => get(old) is { } from && get(now) is { } to && NeedsRestartBetween(from, to),
        };
}

/// <summary>Shows several values as one.</summary>
internal static class OptionKey
{
    /// <summary>Null when there are none.</summary>
    public static string? List<T>(IEnumerable<T> values) => string.Join(", ", values) is { Length: > 0 } text ? text : null;
}
