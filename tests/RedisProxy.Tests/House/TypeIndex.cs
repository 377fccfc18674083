namespace RedisProxy.Tests.House;

/// <summary>Which types each layer declares.</summary>
internal sealed class TypeIndex
{
    private readonly HashSet<(string Layer, string Name)> _names;

    public TypeIndex(IEnumerable<SourceFile> files) =>
        _names = [.. from file in files where file.Layer.Length > 0 from type in file.Types select (file.Layer, type.Identifier.Text)];

    public bool Declares(string layer, string name) => _names.Contains((layer, name));
}
