namespace RedisProxy.Tests.House;

/// <summary>One source file, as the rules look at it.</summary>
internal sealed class SourceFile
{
    private const string ProxyFolder = "src/RedisProxy/";

    private readonly Lazy<string> _code;

    /// <param name="path">Relative to the root of the tree, with forward slashes.</param>
    /// <param name="text">As it is on disk.</param>
    public SourceFile(string path, string text)
    {
        Path = path;
        Text = text;
        _code = new Lazy<string>(() => CodeMask.Apply(text));
    }

    public string Path { get; }

    public string Text { get; }

    /// <summary>The text with comments and the text of strings blanked; everything else is where it was.</summary>
    public string Code => _code.Value;

    public string FileName => Path[(Path.LastIndexOf('/') + 1)..];

    public bool IsProxy => Path.StartsWith(ProxyFolder, StringComparison.Ordinal);

    /// <summary>The folder right below the proxy's; empty for Program.cs, which stands outside of the layers.</summary>
    public string Layer => Folders is [string layer, ..] ? layer : "";

    /// <summary>Folders below the proxy's.</summary>
    public IReadOnlyList<string> Folders => IsProxy ? Path[ProxyFolder.Length..].Split('/')[..^1] : [];

    public Violation Violates(string rule, int index) => new(Path, LineAt(index), rule);

    /// <summary>The number of the line with the character at this index.</summary>
    public int LineAt(int index) => Text.AsSpan(0, index).Count('\n') + 1;
}

/// <summary>What is wrong, and where.</summary>
internal sealed record Violation(string Path, int Line, string Rule)
{
    public override string ToString() => $"{Path}:{Line}: {Rule}";
}
