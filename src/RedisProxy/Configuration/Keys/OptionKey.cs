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

    public KeyShape Shape { get; init; } = new(KeyForm.Value);

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
            Shape = Shape,
            Default = Default,
            IsSecret = IsSecret,
            IsRequired = IsRequired,
            IsIdentity = IsIdentity,
            NeedsRestart = NeedsRestart,
            NeedsRestartBetween = (old, now) => get(old) is { } from && get(now) is { } to && NeedsRestartBetween(from, to),
        };
}

/// <summary>What a key looks like in JSON.</summary>
/// <param name="Form">How many values it has, and where.</param>
/// <param name="Kind">Of each value.</param>
internal sealed record KeyShape(KeyForm Form, ValueKind Kind = ValueKind.Text)
{
    /// <summary>A text that is given directly, or as the first line of a file.</summary>
    public static KeyShape Secret { get; } = Of(KeyForm.Secret, ValueParsers.Secret);

    /// <summary>Of each value that is a string, see <see cref="ValueRule{T}.Pattern"/>.</summary>
    public string? Pattern { get; init; }

    /// <summary>All possible values, also of the members of a list.</summary>
    public IReadOnlyList<string> Choices { get; private init; } = [];

    /// <summary>Of the names in a map.</summary>
    public string? NamePattern { get; init; }

    public static KeyShape Of<T>(KeyForm form, ValueRule<T> rule) =>
        new(form, rule.Kind) { Pattern = rule.Pattern, Choices = rule.Choices };
}

internal enum KeyForm
{
    Value,
    List,

    /// <summary>An object whose keys are data.</summary>
    Map,

    /// <summary>A value, or another key whose name ends in File.</summary>
    Secret,

    /// <summary>An object with keys of its own.</summary>
    Section,
}

/// <summary>Shows several values as one.</summary>
internal static class OptionKey
{
    /// <summary>Null when there are none.</summary>
    public static string? List<T>(IEnumerable<T> values) => string.Join(", ", values) is { Length: > 0 } text ? text : null;
}
