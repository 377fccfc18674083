using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Container;

/// <summary>An image, unpacked, and its programs, started as a container engine would start them. Needs root.</summary>
public abstract class RunnableImage
{
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(30);

    /// <summary>Of the image's user; the stand-in for the base image has the one that the real one has.</summary>
    public string User => (string)Config[nameof(User)]!;

    public JsonNode Config { get; protected set; } = null!;

    public abstract string RootFolder { get; }

    /// <summary>What its last layer adds to its base image.</summary>
    public IReadOnlyList<TarEntry> OwnEntries { get; protected set; } = [];

    /// <summary>Of that layer, not compressed.</summary>
    public long OwnBytes => OwnEntries.Sum(entry => entry.Length);

    /// <summary>What makes the program read the configuration that is mounted where manifests mount it.</summary>
    public virtual string[] ConfigurationArguments => [];

    protected static string Scripts => Path.Combine(ProxyProgram.RepositoryRoot(), "tests/container");

    protected abstract string LogFile { get; }

    private string[] EntryPoint => [.. Config["Entrypoint"]!.AsArray().Select(word => (string)word!)];

    /// <summary>Starts the entry point.</summary>
    /// <param name="configuration">A folder, seen by it as <c>/etc/redisproxy</c>.</param>
    /// <param name="arguments">As behind the image's name in <c>docker run</c>.</param>
    /// <param name="launcher">Comes first, for another network.</param>
    public Task<ChildProcess> StartAsync(string configuration, IEnumerable<string> arguments, params string[] launcher) =>
        ExecuteAsync(configuration, [.. EntryPoint, .. arguments], launcher);

    /// <summary>Starts any program of the image, as <c>docker exec</c> and health checks do.</summary>
    public Task<ChildProcess> ExecuteAsync(string configuration, string[] command, params string[] launcher)
    {
        Dictionary<string, string?> environment = ProxyProgram.CleanEnvironment();
        foreach (string variable in Config["Env"]!.AsArray().Select(word => (string)word!))
        {
            environment[variable[..variable.IndexOf('=')]] = variable[(variable.IndexOf('=') + 1)..];
        }

        string[] words =
        [
            .. launcher, Path.Combine(Scripts, "run.sh"), RootFolder, configuration, User, (string)Config["WorkingDir"]!, .. command,
        ];
        return ChildProcess.StartAsync(command[0], words[0], words[1..], LogFile, environment);
    }

    /// <summary>Runs it to its end.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(string configuration, params string[] arguments)
    {
        await using ChildProcess process = await StartAsync(configuration, arguments);
        int exitCode = await process.WaitForExitAsync(EndWithin);
        return (exitCode, process.LogTail);
    }

    /// <summary>Its health check, run once: its own, or the one that manifests would give to an image without.</summary>
    /// <param name="configuration">As for <see cref="StartAsync"/>.</param>
    /// <param name="hasFile">There is a <c>proxy.json</c> in it.</param>
    /// <param name="launcher">As for <see cref="StartAsync"/>.</param>
    public async Task<(int ExitCode, string Output)> CheckHealthAsync(
        string configuration, bool hasFile = true, params string[] launcher)
    {
        // "CMD", and the words.
        string[] command = Config["Healthcheck"] is { } own
            ? [.. own["Test"]!.AsArray().Skip(1).Select(word => (string)word!)]
            : [.. EntryPoint, "health", .. hasFile ? ConfigurationArguments : []];
        await using ChildProcess process = await ExecuteAsync(configuration, command, launcher);
        int exitCode = await process.WaitForExitAsync(EndWithin);
        return (exitCode, process.LogTail);
    }

    protected static List<TarEntry> ReadLayer(string path)
    {
        using FileStream file = File.OpenRead(path);
        using var layer = new GZipStream(file, CompressionMode.Decompress);
        using var tar = new TarReader(layer);
        var entries = new List<TarEntry>();
        while (tar.GetNextEntry(copyData: true) is { } entry)
        {
            entries.Add(entry);
        }

        return entries;
    }
}
