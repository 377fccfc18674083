namespace RedisProxy.Configuration;

/// <summary>
/// The values of one source (the file, the environment, the command line): paths such as <c>listeners:0:bind</c>, each with a value and its
/// origin. Layers are merged in order; nothing is interpreted here.
/// </summary>
internal sealed class OptionLayer
{
    /// <summary>Markers for <c>{}</c> and <c>[]</c>, which contain no value of their own. No real value begins like this.</summary>
    public const string EmptyObject = "\0{}";

    /// <inheritdoc cref="EmptyObject"/>
    public const string EmptyList = "\0[]";

    private readonly Dictionary<string, (string? Value, string Origin)> _values = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<string> _replaced = [];

    public bool IsEmpty => _values.Count == 0;

    public IEnumerable<KeyValuePair<string, string?>> Values => _values.Select(v => KeyValuePair.Create(v.Key, v.Value.Value));

    /// <summary>Lists and sections that this layer replaces as a whole, instead of changing single values in them.</summary>
    public IReadOnlyList<string> Replaced => _replaced;

    /// <param name="path">The place, see <see cref="OptionPath"/>.</param>
    /// <param name="value">Null: the key is present, without a value.</param>
    /// <param name="origin">For messages: the variable or the option. Empty for the file, which is not mentioned.</param>
    /// <returns>False when the path already has a value, which is kept.</returns>
    public bool TryAdd(string path, string? value, string origin) => _values.TryAdd(path, (value, origin));

    /// <summary>Discards what earlier layers set in this list or section.</summary>
    public void Replace(string path) => _replaced.Add(path);

    /// <summary>The origin of this layer's value at or below the path; null when it has none.</summary>
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
