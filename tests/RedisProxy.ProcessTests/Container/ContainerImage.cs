using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Container;

/// <summary>
/// The image that the Dockerfile describes, built once for all tests by <c>tests/container/build.sh</c>, and its programs,
/// started as a container engine would start them. Needs root and Debian's buildah.
/// </summary>
public sealed class ContainerImage : IAsyncLifetime, IDisposable
{
    /// <summary>The collection of the tests that share it.</summary>
    public const string Tests = "container image";

    private static readonly TimeSpan BuildWithin = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new("container");
    private JsonNode _config = null!;

    /// <summary>Of the image's user; the stand-in for the base image has the one that the real one has.</summary>
    public string User => (string)_config[nameof(User)]!;

    public JsonNode Config => _config;

    public string RootFolder => _folder.File("image/rootfs");

    /// <summary>What the Dockerfile's last stage adds to its base image.</summary>
    public IReadOnlyList<TarEntry> OwnEntries { get; private set; } = [];

    /// <summary>Of that layer, not compressed.</summary>
    public long OwnBytes => OwnEntries.Sum(entry => entry.Length);

    private static string Scripts => Path.Combine(ProxyProgram.RepositoryRoot(), "tests/container");

    public async ValueTask InitializeAsync()
    {
        string image = _folder.File("image");
        await using ChildProcess build = await ChildProcess.StartAsync(
            "build.sh", Path.Combine(Scripts, "build.sh"), [image], _folder.File("build.log"));
        int exitCode = await build.WaitForExitAsync(BuildWithin);
        string log = File.Exists($"{image}/log") ? await File.ReadAllTextAsync($"{image}/log") : build.LogTail;
        Assert.True(exitCode == 0, log[Math.Max(0, log.Length - 8000)..]);
        _config = JsonNode.Parse(await File.ReadAllTextAsync($"{image}/image.json"))!["Docker"]!["config"]!;
        OwnEntries = ReadLastLayer($"{image}/layers");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public void Dispose() => _folder.Dispose();

    /// <summary>Starts the entry point.</summary>
    /// <param name="configuration">A folder, seen by it as the working directory of the image.</param>
    /// <param name="arguments">As behind the image's name in <c>docker run</c>.</param>
    /// <param name="launcher">Comes first, for another network.</param>
    public Task<ChildProcess> StartAsync(string configuration, IEnumerable<string> arguments, params string[] launcher)
    {
        string[] entryPoint = [.. _config["Entrypoint"]!.AsArray().Select(word => (string)word!)];
        return ExecuteAsync(configuration, [.. entryPoint, .. arguments], launcher);
    }

    /// <summary>Starts any program of the image, as <c>docker exec</c> and health checks do.</summary>
    public Task<ChildProcess> ExecuteAsync(string configuration, string[] command, params string[] launcher)
    {
        Dictionary<string, string?> environment = ProxyProgram.CleanEnvironment();
        foreach (string variable in _config["Env"]!.AsArray().Select(word => (string)word!))
        {
            environment[variable[..variable.IndexOf('=')]] = variable[(variable.IndexOf('=') + 1)..];
        }

        string[] words =
        [
            .. launcher, Path.Combine(Scripts, "run.sh"), RootFolder, configuration, User, (string)_config["WorkingDir"]!, .. command,
        ];
        return ChildProcess.StartAsync(command[0], words[0], words[1..], _folder.File("run.log"), environment);
    }

    /// <summary>Runs it to its end.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(string configuration, params string[] arguments)
    {
        await using ChildProcess process = await StartAsync(configuration, arguments);
        int exitCode = await process.WaitForExitAsync(EndWithin);
        return (exitCode, process.LogTail);
    }

    /// <summary>The image's own health check, run once.</summary>
    public async Task<(int ExitCode, string Output)> CheckHealthAsync(string configuration, params string[] launcher)
    {
        // "CMD", and the words.
        string[] command = [.. _config["Healthcheck"]!["Test"]!.AsArray().Skip(1).Select(word => (string)word!)];
        await using ChildProcess process = await ExecuteAsync(configuration, command, launcher);
        int exitCode = await process.WaitForExitAsync(EndWithin);
        return (exitCode, process.LogTail);
    }

    public static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');

    /// <summary>Temporary folders are made for their owner only, and the image's user is another one.</summary>
    public static void LetOthersIn(string folder)
    {
        Debug.Assert(OperatingSystem.IsLinux());
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
    }

    /// <summary>Libraries may be executed as well, but are no programs.</summary>
    public static bool IsProgram(string file)
    {
        Debug.Assert(OperatingSystem.IsLinux());
        return (File.GetUnixFileMode(file) & UnixFileMode.UserExecute) != 0
            && !Path.GetFileName(file).Contains(".so", StringComparison.Ordinal);
    }

    private static List<TarEntry> ReadLastLayer(string folder)
    {
        JsonNode manifest = JsonNode.Parse(File.ReadAllText($"{folder}/manifest.json"))!;
        string digest = (string)manifest["layers"]!.AsArray()[^1]!["digest"]!;
        using FileStream file = File.OpenRead($"{folder}/{digest.Split(':')[1]}");
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

[CollectionDefinition(ContainerImage.Tests)]
public sealed class ContainerImageTests : ICollectionFixture<ContainerImage>;
