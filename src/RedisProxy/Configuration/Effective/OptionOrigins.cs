namespace RedisProxy.Configuration;

/// <summary>Where values come from. The sources are read again for that; errors in them have been reported.</summary>
internal sealed class OptionOrigins
{
    private readonly (OptionLayer Layer, string Source, string? Origin)[] _layers;

    public OptionOrigins(OptionSources sources)
    {
        var file = new OptionLayer();
        var environment = new OptionLayer();
        var ignored = new OptionErrors([]);
        if (sources.File is not null && OptionFile.Load(sources.File, sources.Directory, ignored) is { } content)
        {
            OptionFile.TryRead(sources.File, content, file, ignored);
        }

        EnvironmentVariables.Read(sources.Environment, environment, ignored);
        _layers =
        [
            (sources.CommandLine, "command line", null),
            (environment, "environment", null),
            (file, "file", sources.File),
        ];
    }

    /// <param name="key">As displayed.</param>
    /// <param name="isSecret">It may be in a file of its own.</param>
    public (string Source, string Origin) Find(string key, bool isSecret)
    {
        string path = key.Replace('.', ':').Replace("[", ":", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);
        foreach ((OptionLayer layer, string source, string? origin) in _layers)
        {
            if ((layer.OriginOf(path) ?? (isSecret ? layer.OriginOf($"{path}File") : null)) is { } found)
            {
                return (source, origin ?? found);
            }
        }

        return ("default", "");
    }
}
