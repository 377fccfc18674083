namespace RedisProxy.Testing;

/// <summary>
/// The redis-server, redis-sentinel, redis-cli and redis-benchmark in use: those of this system, or those of another release fetched by
/// <c>tests/servers.sh</c>, with Valkey's under redis's names.
/// </summary>
public sealed class ServerRelease
{
    /// <summary>Name of a fetched release, for example <c>valkey-9.1</c>; if unset, tests run this system's programs.</summary>
    public const string Variable = "REDISPROXY_TEST_SERVER";

    /// <summary>Folder of the fetched releases, if not the usual one.</summary>
    public const string FolderVariable = "REDISPROXY_TEST_SERVERS";

    private readonly string? _folder;

    private ServerRelease(string name, string? folder)
    {
        Name = name;
        _folder = folder;
    }

    /// <summary>Used by tests unless they choose another.</summary>
    public static ServerRelease Default { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name
        ? Find(name) ?? throw new DirectoryNotFoundException($"{Variable}: there is no {name} in {AllFolder}. tests/servers.sh fetches it.")
        : new ServerRelease("installed", null);

    /// <summary>For example <c>valkey-9.1</c>, or <c>installed</c>.</summary>
    public string Name { get; }

    /// <summary>This system's programs.</summary>
    public bool IsInstalled => _folder is null;

    public string Server => Program("redis-server");

    public string Sentinel => Program("redis-sentinel");

    public string Cli => Program("redis-cli");

    public string Benchmark => Program("redis-benchmark");

    private static string AllFolder => Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder
        ? folder
        : Path.Combine(CacheFolder, "redisproxy-servers");

    private static string CacheFolder => Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
        ? cache
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");

    /// <summary>Null: it was not fetched.</summary>
    public static ServerRelease? Find(string name)
    {
        string folder = Path.Combine(AllFolder, name);
        // Written last, when everything else is complete.
        return File.Exists(Path.Combine(folder, "version")) ? new ServerRelease(name, folder) : null;
    }

    public override string ToString() => Name;

    private string Program(string name) => _folder is null ? name : Path.Combine(_folder, "bin", name);
}
