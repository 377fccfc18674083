using System.Text.Json.Nodes;

using RedisProxy.Testing;
using RedisProxy.Tests.Deploy;

namespace RedisProxy.ProcessTests.Container;

/// <summary>
/// The image that <c>dotnet publish /t:PublishContainer</c> writes into an archive, unpacked as an engine would load it. Its base image
/// comes from a registry of the test's own, as no other can be reached; the project's own base image is what the Dockerfile names.
/// </summary>
public sealed class ArchivedImage : RunnableImage
{
    private static readonly TimeSpan PublishWithin = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan UnpackWithin = TimeSpan.FromMinutes(1);

    private readonly string _folder;

    private ArchivedImage(string folder)
    {
        _folder = folder;
    }

    public override string RootFolder => Path.Combine(_folder, "rootfs");

    /// <summary>The SDK makes the program's folder the working directory, and manifests mount the file elsewhere.</summary>
    public override string[] ConfigurationArguments => ["--config", Product.ConfigurationFile];

    /// <summary>Name and tag.</summary>
    public string Tag { get; private set; } = "";

    public long ArchiveBytes => new FileInfo(Archive).Length;

    protected override string LogFile => Path.Combine(_folder, "log");

    private string Archive => Path.Combine(_folder, "redisproxy.tar.gz");

    /// <param name="folder">For the archive and what is in it.</param>
    /// <param name="baseLayout">A base image as an OCI layout.</param>
    public static async Task<ArchivedImage> PublishAsync(string folder, string baseLayout)
    {
        var image = new ArchivedImage(folder);
        await image.PublishAsync(baseLayout);
        await image.UnpackAsync();
        return image;
    }

    private async Task PublishAsync(string baseLayout)
    {
        await using var registry = new ImageRegistry(baseLayout);
        await registry.StartAsync();
        Directory.CreateDirectory(Path.Combine(_folder, "tmp"));
        var environment = new Dictionary<string, string?>
        {
            ["DOTNET_CONTAINER_INSECURE_REGISTRIES"] = registry.Host,
            // Where the SDK keeps what it pulled, and where it stays.
            ["TMPDIR"] = Path.Combine(_folder, "tmp"),
        };
        await RunAsync(
            PublishWithin, environment, "dotnet", "publish", Path.Combine(ProxyProgram.RepositoryRoot(), "src/RedisProxy"),
            "/t:PublishContainer", $"-p:ContainerArchiveOutputPath={Archive}",
            $"-p:ContainerBaseImage={registry.Host}/dotnet/runtime-deps:10.0-noble-chiseled", "-nodeReuse:false", "--nologo");
    }

    private async Task UnpackAsync()
    {
        string unpacked = Path.Combine(_folder, "unpacked");
        await ExtractAsync(Archive, unpacked);
        JsonNode manifest = JsonNode.Parse(await File.ReadAllTextAsync($"{unpacked}/manifest.json"))!.AsArray().Single()!;
        Tag = (string)manifest["RepoTags"]!.AsArray().Single()!;
        Config = JsonNode.Parse(await File.ReadAllTextAsync($"{unpacked}/{manifest["Config"]}"))!["config"]!;
        string[] layers = [.. manifest["Layers"]!.AsArray().Select(layer => $"{unpacked}/{layer}")];
        foreach (string layer in layers)
        {
            await ExtractAsync(layer, RootFolder);
        }

        OwnEntries = ReadLayer(layers[^1]);
    }

    private Task ExtractAsync(string archive, string folder)
    {
        Directory.CreateDirectory(folder);
        return RunAsync(UnpackWithin, null, "tar", "--extract", "--numeric-owner", "--same-owner", "-f", archive, "-C", folder);
    }

    private async Task RunAsync(TimeSpan within, Dictionary<string, string?>? environment, string program, params string[] arguments)
    {
        await using ChildProcess process = await ChildProcess.StartAsync(program, program, arguments, LogFile, environment);
        int exitCode = await process.WaitForExitAsync(within);
        Assert.True(exitCode == 0, process.LogTail);
    }
}
