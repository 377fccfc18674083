using System.Text.RegularExpressions;

namespace RedisProxy.Tests.House;

/// <summary>Which names each layer declares: its types and its sub-folders, which are namespaces.</summary>
internal sealed partial class TypeIndex
{
    private readonly HashSet<(string Layer, string Name)> _names;

    public TypeIndex(IEnumerable<SourceFile> files)
    {
        IEnumerable<(string Layer, string Name)> names =
            from file in files
            where file.Layer.Length > 0
            from name in Declarations(file).Select(d => d.Name).Concat(file.Folders.Skip(1))
            select (file.Layer, name);
        _names = [.. names];
    }

    public bool Declares(string layer, string name) => _names.Contains((layer, name));

    public static IEnumerable<(string Name, int Index)> Declarations(SourceFile file) =>
        from match in Declaration().Matches(file.Code)
        select (match.Groups["name"].Value, match.Index);

    [GeneratedRegex(@"\b(class|struct|interface|enum|record)\s+(?!class\b|struct\b)(?<name>\w+)")]
    private static partial Regex Declaration();
}
