namespace RedisProxy.Configuration;

/// <summary>One key of the options <typeparamref name="T"/>: what documents, changes and a reload have to know of it.</summary>
/// <param name="Name">As in <c>keepAlive.time</c>, from the section of these options on.</param>
/// <param name="Compare">Its values in two options, as they are shown; equal when nothing has changed.</param>
/// <param name="Keep">The second options with the value of the first.</param>
internal sealed record OptionKey<T>(string Name, Func<T, T, (object? From, object? To)> Compare, Func<T, T, T> Keep)
    where T : class
{
    public ValueRange? Range { get; init; }

    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>As it would stand in a configuration; null: nothing, or what the documentation says.</summary>
    public string? Default { get; init; }

    /// <summary>Its values are not shown.</summary>
    public bool IsSecret { get; init; }

    public bool IsRequired { get; init; }

    /// <summary>Tells the members of a list apart; another name is another member, and no change.</summary>
    public bool IsIdentity { get; init; }

    /// <summary>A running proxy keeps the old value.</summary>
    public bool NeedsRestart { get; init; }

    /// <summary>A running proxy keeps the old value between some old and new options.</summary>
    public Func<T, T, bool> NeedsRestartBetween { get; init; } = static (_, _) => false;

    /// <summary>Does a running proxy keep the old value?</summary>
    public bool IsKept(T old, T now) => NeedsRestart || NeedsRestartBetween(old, now);

    /// <summary>
    /// The same key, seen from the options that these are a part of. Without the part it has no value, and nothing to keep.
    /// </summary>
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

/// <summary>How several values are shown as one.</summary>
internal static class OptionKey
{
    /// <summary>Null when there are none.</summary>
    public static string? List<T>(IEnumerable<T> values) => string.Join(", ", values) is { Length: > 0 } text ? text : null;
}
