using Microsoft.Extensions.Configuration;

namespace RedisProxy.Configuration;

/// <summary>
/// One section while it is being read. A reader names each key once; a key that was never named is unknown and becomes an error. So
/// the keys that are read are also the keys that are known, and the two cannot differ.
/// <para>Invariant: every problem becomes one error, and reading goes on with a default.</para>
/// </summary>
internal sealed class OptionSection
{
    private const string NotSingle = "is a list or an object; expected a single value";

    private readonly IConfiguration _configuration;
    private readonly OptionErrors _errors;
    private readonly SecretFolder _folder;
    private readonly List<string> _known = [];
    private readonly List<string> _unavailable = [];

    private OptionSection(IConfiguration configuration, string path, OptionErrors errors, SecretFolder folder)
    {
        _configuration = configuration;
        Path = path;
        _errors = errors;
        _folder = folder;
    }

    /// <summary>As in <c>listeners:0</c>; empty for the whole configuration.</summary>
    public string Path { get; }

    /// <summary>The base of relative paths in it.</summary>
    public string Directory => _folder.Directory;

    /// <summary>The section has keys.</summary>
    public bool IsGiven => _configuration.GetChildren().Any();

    /// <summary>Reads the whole configuration.</summary>
    /// <param name="configuration">All sources, merged.</param>
    /// <param name="errors">Receives the errors; options read despite errors are good for further checks, but not for running.</param>
    /// <param name="folder">The base of relative paths, and the files of secrets.</param>
    /// <param name="read">Names every key of the top level.</param>
    public static T ReadAll<T>(IConfiguration configuration, OptionErrors errors, SecretFolder folder, Func<OptionSection, T> read) =>
        new OptionSection(configuration, "", errors, folder).ReadKeys(read);

    public string PathOf(string key) => OptionPath.Combine(Path, key);

    /// <summary>Adds an error about a key of this section.</summary>
    public void Refuse(string key, string complaint) => _errors.Add(PathOf(key), complaint);

    /// <summary>Adds an error about this section as a whole.</summary>
    public void Refuse(string complaint) => _errors.Add(Path, complaint);

    /// <summary>Whether there is a value without an error.</summary>
    public bool IsGood(string key) => Has(key) && !_errors.Has(PathOf(key));

    /// <summary>Whether there is a value, valid or not, or at least <c>{}</c> or <c>[]</c>. Null counts as missing.</summary>
    public bool Has(string key) => _configuration.GetSection(key) is var child && (child.Value is not null || child.GetChildren().Any());

    /// <summary>Whether a list or an object is empty or missing.</summary>
    public bool IsEmpty(string key) =>
        _configuration.GetSection(key).Value is (null or OptionLayer.EmptyObject or OptionLayer.EmptyList)
        && !_configuration.GetSection(key).GetChildren().Any();

    /// <summary>False when the value is missing or invalid.</summary>
    public bool TryRead<T>(string key, ValueRule<T> rule, out T? value)
    {
        _known.Add(key);
        return TryParse(_configuration.GetSection(key), rule, out value);
    }

    /// <summary>A text that is given directly, or as the first line of the file named by <c>keyFile</c>.</summary>
    public string? Secret(string key)
    {
        string fileKey = $"{key}File";
        TryRead(key, ValueParsers.Secret, out string? secret);
        TryRead(fileKey, ValueParsers.Text, out string? file);
        if (Has(key) && Has(fileKey))
        {
            Refuse(fileKey, $"is given together with {key}; expected one of them");
        }
        else if (file is not null)
        {
            secret = _folder.Read(file, key, out string complaint);
            if (secret is null)
            {
                Refuse(fileKey, complaint);
            }
        }

        return secret;
    }

    /// <summary>Ignores a key that is not for the proxy.</summary>
    public void Ignore(string key) => _unavailable.Add(key);

    /// <summary>Ignores the other keys: the section is turned off as a whole.</summary>
    public void IgnoreRest() => _unavailable.AddRange(_configuration.GetChildren().Select(child => child.Key));

    /// <summary>An object. It is read even when missing, so that its defaults are in one place.</summary>
    public T Section<T>(string key, Func<OptionSection, T> read)
    {
        _known.Add(key);
        IConfigurationSection section = _configuration.GetSection(key);

        // Anything but an object has been reported; reading an empty section instead gives the defaults.
        IConfiguration keys = IsObject(section) ? section : new ConfigurationBuilder().Build();
        return new OptionSection(keys, section.Path, _errors, _folder).ReadKeys(read);
    }

    /// <summary>An optional object: null when missing. An empty object counts as present.</summary>
    public T? OptionalSection<T>(string key, Func<OptionSection, T?> read)
        where T : class
    {
        bool isEmpty = Has(key) && IsEmpty(key);
        return Section(key, section => section.IsGiven || isEmpty ? read(section) : null);
    }

    /// <summary>A list of objects; other items are left out.</summary>
    public IReadOnlyList<T> Sections<T>(string key, string expected, Func<OptionSection, T> read) =>
    [
        .. Items(key, expected).Where(item => IsObject(item))
            .Select(item => new OptionSection(item, item.Path, _errors, _folder).ReadKeys(read)),
    ];

    /// <summary>A list of values, without duplicates unless they are allowed; invalid ones are left out.</summary>
    public IReadOnlyList<T> Values<T>(string key, string expected, ValueRule<T> rule, bool mayRepeat = false)
    {
        var values = new List<T>();
        foreach (IConfigurationSection item in Items(key, expected))
        {
            if (item.Value is null && !item.GetChildren().Any())
            {
                _errors.Add(item.Path, "is null; expected a value");
            }
            else if (TryParse(item, rule, out T? value))
            {
                if (!mayRepeat && values.Contains(value!))
                {
                    _errors.Add(item.Path, $"{QuotedValue.Of(item.Value!)} is in the list already; expected each one once");
                }

                values.Add(value!);
            }
        }

        // Lists compare by reference, and all empty ones are the same.
        return values.Count == 0 ? Array.Empty<T>() : values;
    }

    /// <summary>An object whose keys are data. They may contain colons, which are separators elsewhere, so they are rejoined.</summary>
    public IReadOnlyDictionary<TKey, TValue> Map<TKey, TValue>(string key, ValueRule<TKey> keyRule, ValueRule<TValue> valueRule)
        where TKey : notnull
    {
        _known.Add(key);
        var map = new Dictionary<TKey, TValue>();
        IConfigurationSection section = _configuration.GetSection(key);
        if (!IsObject(section))
        {
            return map;
        }

        foreach ((string name, string? text) in section.AsEnumerable(makePathsRelative: true).OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            string path = OptionPath.Combine(section.Path, name);
            if (name.Length == 0 || text is null)
            {
                continue;
            }

            if (keyRule.Parse(name, out TKey? parsedKey) is { } badKey)
            {
                _errors.Add(path, $"as a key, {badKey}");
            }
            else if (text is OptionLayer.EmptyObject or OptionLayer.EmptyList)
            {
                _errors.Add(path, NotSingle);
            }
            else if (valueRule.Parse(text, out TValue? parsedValue) is { } badValue)
            {
                _errors.Add(path, badValue);
            }
            else if (!map.TryAdd(parsedKey!, parsedValue!))
            {
                _errors.Add(path, "is the same key as another one; expected each one once");
            }
        }

        return map;
    }

    private T ReadKeys<T>(Func<OptionSection, T> read)
    {
        T result = read(this);
        foreach (string key in _configuration.GetChildren().Select(c => c.Key))
        {
            if (!_known.Concat(_unavailable).Contains(key, StringComparer.OrdinalIgnoreCase))
            {
                string hint = Spelling.Nearest(key, _known) is { } nearest
                    ? $"did you mean \"{nearest}\"?"
                    : $"expected {QuotedValue.Alternatives(_known)}";
                _errors.Add(PathOf(key), $"unknown key; {hint}");
            }
        }

        return result;
    }

    private IConfigurationSection[] Items(string key, string expected)
    {
        _known.Add(key);
        IConfigurationSection list = _configuration.GetSection(key);
        IConfigurationSection[] items = [.. list.GetChildren()];
        foreach (IConfigurationSection stray in items.Where(item => !OptionPath.IsIndex(item.Key) && IsVariable(item.Path)))
        {
            // Not the fault of the list, which another source may have given.
            _errors.Add(stray.Path, $"{QuotedValue.Of(stray.Key)} is not a place in a list; expected 0, 1 and so on");
        }

        items = [.. items.Where(item => OptionPath.IsIndex(item.Key) || !IsVariable(item.Path))];
        if (list.Value is not (null or OptionLayer.EmptyList) || !items.All(i => OptionPath.IsIndex(i.Key)))
        {
            string given = list.Value is null or OptionLayer.EmptyObject ? "is an object" : $"{QuotedValue.Of(list.Value)} is not a list";
            string wanted = IsVariable(list.Path) ? $"{_errors.OriginOf(list.Path)}__0 and so on" : expected;
            _errors.Add(list.Path, $"{given}; expected {wanted}");
            return [];
        }

        return items;
    }

    private bool IsVariable(string path) =>
        _errors.OriginOf(path).StartsWith(EnvironmentVariables.Prefix, StringComparison.OrdinalIgnoreCase);

    private bool IsObject(IConfigurationSection section)
    {
        IConfigurationSection[] children = [.. section.GetChildren()];
        if (section.Value is OptionLayer.EmptyList || children.Length > 0 && children.All(c => OptionPath.IsIndex(c.Key)))
        {
            _errors.Add(section.Path, "is a list; expected an object");
            return false;
        }

        if (section.Value is not (null or OptionLayer.EmptyObject))
        {
            _errors.Add(section.Path, $"{QuotedValue.Of(section.Value)} is not an object; expected an object");
            return false;
        }

        return true;
    }

    private bool TryParse<T>(IConfigurationSection section, ValueRule<T> rule, out T? value)
    {
        value = default;
        if (section.Value is OptionLayer.EmptyObject or OptionLayer.EmptyList || section.GetChildren().Any())
        {
            _errors.Add(section.Path, NotSingle);
            return false;
        }

        if (section.Value is null)
        {
            return false;
        }

        if (rule.Parse(section.Value, out value) is { } complaint)
        {
            value = default;
            _errors.Add(section.Path, complaint);
            return false;
        }

        return true;
    }
}
