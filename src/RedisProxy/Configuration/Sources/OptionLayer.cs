namespace RedisProxy.Configuration;

/// <summary>
/// What one source (the file, the environment, the command line) says: paths such as <c>listeners:0:bind</c> to values, each with where
/// it comes from. Layers are laid over each other; nothing is interpreted here.
/// </summary>
internal sealed class OptionLayer
{
    /// <summary>Stand for <c>{}</c> and <c>[]</c>, which hold no value to be remembered by. No real value begins like this.</summary>
    public const string EmptyObject = "\0{}";

    /// <inheritdoc cref="EmptyObject"/>
    public const string EmptyList = "\0[]";

    private readonly Dictionary<string, (string? Value, string Origin)> _values = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _replaced = [];

    public bool IsEmpty => _values.Count == 0;

    public IEnumerable<KeyValuePair<string, string?>> Values => _values.Select(v => KeyValuePair.Create(v.Key, v.Value.Value));

    /// <summary>Whole lists and sections that this layer replaces, instead of changing single values in them.</summary>
    public IReadOnlyList<string> Replaced => _replaced;

    /// <param name="path">The place, see <see cref="OptionPath"/>.</param>
    /// <param name="value">Null: the key is there, without a value.</param>
    /// <param name="origin">For messages: the variable or the option. Empty for the file, which needs no mention.</param>
    /// <returns>False when the place is taken; the first value stays.</returns>
    public bool TryAdd(string path, string? value, string origin) => _values.TryAdd(path, (value, origin));

    /// <summary>What earlier layers say of this list or section does not count.</summary>
    public void Replace(string path) => _replaced.Add(path);

    /// <summary>Where this layer got the value, or some value below the path; null when it has none.</summary>
    public string? OriginOf(string path)
    {
        if (_values.TryGetValue(path, out (string? Value, string Origin) exact))
        {
            return exact.Origin;
        }

        string? first = _values.Keys.Where(p => OptionPath.IsWithin(p, path)).Order(StringComparer.Ordinal).FirstOrDefault();
        return first is null ? null : _values[first].Origin;
    }
}
