using System.Net;

namespace RedisProxy.Configuration;

/// <summary>
/// The keys of one section, each declared once: name, rule, and where it goes in the options. Reading, unknown keys, changes by a reload,
/// and the documented ranges and defaults all follow from this. The order of the declarations is the order of messages and suggestions.
/// Immutable once built.
/// </summary>
/// <param name="defaults">The options of a section without keys.</param>
internal sealed class KeyTable<T>(T defaults)
    where T : class
{
    private readonly List<Func<OptionSection, T, T>> _steps = [];
    private readonly List<OptionKey<T>> _keys = [];

    public IReadOnlyList<OptionKey<T>> Keys => _keys;

    public T Read(OptionSection section) => _steps.Aggregate(defaults, (options, step) => step(section, options));

    /// <summary>A single value.</summary>
    public KeyTable<T> Value<TValue>(string name, ValueRule<TValue> rule, Func<T, TValue?> get, Func<T, TValue, T> with)
    {
        Step((section, options) => section.TryRead(name, rule, out TValue? value) ? with(options, value!) : options);
        return Declare(new OptionKey<T>(name, Values(options => get(options)), (old, now) => with(now, get(old)!))
        {
            Range = rule.Range,
            Choices = rule.Choices,
            Shape = KeyShape.Of(KeyForm.Value, rule),
            Default = get(defaults) is { } value && rule.Write(value) is { Length: > 0 } text ? text : null,
        });
    }

    /// <summary>A list of values. An empty one changes nothing, because lists are equal by reference.</summary>
    public KeyTable<T> List<TItem>(
        string name,
        string expected,
        ValueRule<TItem> rule,
        Func<T, IReadOnlyList<TItem>> get,
        Func<T, IReadOnlyList<TItem>, T> with,
        bool mayRepeat = false)
    {
        Step((section, options) =>
            section.Values(name, expected, rule, mayRepeat) is { Count: > 0 } values ? with(options, values) : options);
        return Declare(new OptionKey<T>(
            name, Values(options => OptionKey.List(get(options).Select(rule.Write))), (old, now) => with(now, get(old)))
        {
            Shape = KeyShape.Of(KeyForm.List, rule),
        });
    }

    /// <summary>A list of CIDR blocks.</summary>
    public KeyTable<T> Networks(string name, Func<T, IReadOnlyList<IPNetwork>> get, Func<T, IReadOnlyList<IPNetwork>, T> with) =>
        List(name, "[ \"10.0.0.0/8\", … ]", ValueParsers.Network, get, with);

    /// <summary>An object whose keys are data. An empty one changes nothing.</summary>
    public KeyTable<T> Map<TKey, TValue>(
        string name,
        ValueRule<TKey> keyRule,
        ValueRule<TValue> valueRule,
        Func<T, IReadOnlyDictionary<TKey, TValue>> get,
        Func<T, IReadOnlyDictionary<TKey, TValue>, T> with)
        where TKey : notnull
    {
        Step((section, options) => section.Map(name, keyRule, valueRule) is { Count: > 0 } map ? with(options, map) : options);
        IEnumerable<string> Pairs(T options) => get(options).Select(pair => $"{keyRule.Write(pair.Key)}={valueRule.Write(pair.Value)}");
        return Declare(new OptionKey<T>(
            name, Values(options => OptionKey.List(Pairs(options).Order(StringComparer.Ordinal))), (old, now) => with(now, get(old)))
        {
            Range = valueRule.Range,
            Shape = KeyShape.Of(KeyForm.Map, valueRule) with { NamePattern = keyRule.Pattern },
        });
    }

    /// <summary>A text that is never shown, given directly or in a file.</summary>
    public KeyTable<T> Secret(string name, Func<T, string?> get, Func<T, string?, T> with)
    {
        Step((section, options) => section.Secret(name) is { } secret ? with(options, secret) : options);
        return Declare(new OptionKey<T>(name, Values(get), (old, now) => with(now, get(old)))
        {
            IsSecret = true,
            Shape = KeyShape.Secret,
        });
    }

    /// <summary>A name and a password; the name is optional, but requires the password.</summary>
    public KeyTable<T> Credentials(
        Func<T, string?> getName, Func<T, string, T> withName, Func<T, string?> getPassword, Func<T, string?, T> withPassword) =>
        Value("username", ValueParsers.Text, getName, withName).Secret("password", getPassword, withPassword).Check((section, options) =>
        {
            if (section.IsGood("username") && !section.Has("password") && !section.Has("passwordFile"))
            {
                section.Refuse(
                    "username", $"{QuotedValue.Of(getName(options)!)} has no password; expected password or passwordFile as well");
            }
        });

    /// <summary>A nested section in which every key has a default.</summary>
    public KeyTable<T> Section<TPart>(string name, KeyTable<TPart> table, Func<T, TPart> get, Func<T, TPart, T> with)
        where TPart : class =>
        Step((section, options) => with(options, section.Section(name, table.Read))).KeysOf($"{name}.", table, get, with);

    /// <summary>Keys of this section that go into a record of their own.</summary>
    public KeyTable<T> Part<TPart>(KeyTable<TPart> table, Func<T, TPart> get, Func<T, TPart, T> with)
        where TPart : class => Step((section, options) => with(options, table.Read(section))).KeysOf("", table, get, with);

    /// <summary>The keys of another table, which is read by a <see cref="Step"/>.</summary>
    public KeyTable<T> KeysOf<TPart>(string prefix, KeyTable<TPart> table, Func<T, TPart?> get, Func<T, TPart, T> with)
        where TPart : class
    {
        _keys.AddRange(table.Keys.Select(key => key.Within($"{prefix}{key.Name}", get, with)));
        return this;
    }

    /// <summary>A key that is read by a <see cref="Step"/>.</summary>
    public KeyTable<T> Declare(OptionKey<T> key)
    {
        _keys.Add(key);
        return this;
    }

    /// <summary>Reading that no declaration can express.</summary>
    public KeyTable<T> Step(Func<OptionSection, T, T> step)
    {
        _steps.Add(step);
        return this;
    }

    /// <summary>A rule between the keys up to here.</summary>
    public KeyTable<T> Check(Action<OptionSection, T> check) => Step((section, options) =>
    {
        check(section, options);
        return options;
    });

    /// <summary>The last key is required.</summary>
    /// <param name="expected">Ends the message.</param>
    /// <param name="isMissing">Null: missing means neither the key nor, for a secret, the key of its file.</param>
    public KeyTable<T> Required(string expected, Predicate<OptionSection>? isMissing = null)
    {
        OptionKey<T> key = Last(static key => key with { IsRequired = true });
        isMissing ??= section => !section.Has(key.Name) && !(key.IsSecret && section.Has($"{key.Name}File"));
        return Check((section, _) =>
        {
            if (isMissing(section))
            {
                section.Refuse(key.Name, $"missing; expected {expected}");
            }
        });
    }

    /// <summary>A running proxy keeps the old value of the last key.</summary>
    public KeyTable<T> NeedsRestart()
    {
        Last(static key => key with { NeedsRestart = true });
        return this;
    }

    /// <summary>The last key identifies the members of a list.</summary>
    public KeyTable<T> Identifies()
    {
        Last(static key => key with { IsIdentity = true });
        return this;
    }

    /// <summary>How changes show the last key, if not in the default way.</summary>
    public KeyTable<T> Shown(Func<T, object?> show)
    {
        Last(key => key with { Compare = Values(show) });
        return this;
    }

    /// <summary>Changes do not show the values of the last key.</summary>
    public KeyTable<T> Hidden()
    {
        Last(static key => key with { IsSecret = true });
        return this;
    }

    private static Func<T, T, (object? From, object? To)> Values(Func<T, object?> get) => (old, now) => (get(old), get(now));

    private OptionKey<T> Last(Func<OptionKey<T>, OptionKey<T>> change) => _keys[^1] = change(_keys[^1]);
}
