namespace RedisProxy.Configuration;

/// <summary>
/// Collects everything that is wrong, so that an operator mends it in one go. One line each: the place, the value as given, what was
/// expected, and where the value comes from unless that is the file.
/// </summary>
internal sealed class OptionErrors
{
    private readonly List<string> _lines = [];
    private readonly HashSet<string> _places = new(StringComparer.OrdinalIgnoreCase);
    private readonly IReadOnlyList<OptionLayer> _layers;

    /// <param name="layers">In their order; the last one that has a value is where it comes from.</param>
    public OptionErrors(IReadOnlyList<OptionLayer> layers)
    {
        _layers = layers;
    }

    public IReadOnlyList<string> Lines => _lines;

    public bool Any => _lines.Count > 0;

    /// <summary>Something is wrong with what stands (or is missing) at a place.</summary>
    public void Add(string path, string complaint)
    {
        string origin = OriginOf(path);
        string from = origin.Length == 0 ? "" : $" (from {origin})";
        _lines.Add($"{OptionPath.Show(path)}: {complaint}{from}");
        _places.Add(path);
    }

    /// <summary>Has something been said about exactly this place?</summary>
    public bool Has(string path) => _places.Contains(path);

    /// <summary>The variable or option that gave a value, or some value below the path. Empty for the file, and for nothing.</summary>
    public string OriginOf(string path) => _layers.Reverse().Select(l => l.OriginOf(path)).FirstOrDefault(o => o is not null) ?? "";

    /// <summary>Something is wrong with a source as a whole.</summary>
    public void AddSource(string source, string complaint) => _lines.Add($"{source}: {complaint}");
}
