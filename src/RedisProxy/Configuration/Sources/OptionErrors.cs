namespace RedisProxy.Configuration;

/// <summary>
/// Collects all errors, so that an operator can fix them in one go. One line each: the key, the given value, the expected value, and the
/// value's origin unless that is the file.
/// </summary>
internal sealed class OptionErrors
{
    private readonly List<string> _lines = [];
    private readonly HashSet<string> _places = new(StringComparer.OrdinalIgnoreCase);
    private readonly IReadOnlyList<OptionLayer> _layers;

    /// <param name="layers">In order of precedence; a value comes from the last layer that has it.</param>
    public OptionErrors(IReadOnlyList<OptionLayer> layers)
    {
        _layers = layers;
    }

    public IReadOnlyList<string> Lines => _lines;

    public bool Any => _lines.Count > 0;

    /// <summary>Adds an error about the value, present or missing, at a path.</summary>
    public void Add(string path, string complaint)
    {
        string origin = OriginOf(path);
        string from = origin.Length == 0 ? "" : $" (from {origin})";
        _lines.Add($"{OptionPath.Show(path)}: {complaint}{from}");
        _places.Add(path);
    }

    /// <summary>Whether there is an error about exactly this path.</summary>
    public bool Has(string path) => _places.Contains(path);

    /// <summary>The variable or option that set a value at or below the path. Empty for the file, and when nothing did.</summary>
    public string OriginOf(string path) => _layers.Reverse().Select(l => l.OriginOf(path)).FirstOrDefault(o => o is not null) ?? "";

    /// <summary>Adds an error about a source as a whole.</summary>
    public void AddSource(string source, string complaint) => _lines.Add($"{source}: {complaint}");
}
