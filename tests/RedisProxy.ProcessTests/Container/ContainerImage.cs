using System.Diagnostics;
using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Container;

/// <summary>
/// The image that the Dockerfile describes, built once for all tests by <c>tests/container/build.sh</c>, and beside it the one that the
/// SDK makes. Needs root and Debian's buildah.
/// </summary>
public sealed class ContainerImage : RunnableImage, IAsyncLifetime
{
    /// <summary>The collection of the tests that share it.</summary>
    public const string Tests = "container image";

    private static readonly TimeSpan BuildWithin = TimeSpan.FromMinutes(15);

    private readonly TemporaryFolder _folder = new("container");

    public override string RootFolder => _folder.File("image/rootfs");

    /// <summary>Without a container engine.</summary>
    public ArchivedImage Archive { get; private set; } = null!;

    protected override string LogFile => _folder.File("run.log");

    public async ValueTask InitializeAsync()
    {
        string image = _folder.File("image");
        await using ChildProcess build = await ChildProcess.StartAsync(
            "build.sh", Path.Combine(Scripts, "build.sh"), [image], _folder.File("build.log"));
        int exitCode = await build.WaitForExitAsync(BuildWithin);
        string log = File.Exists($"{image}/log") ? await File.ReadAllTextAsync($"{image}/log") : build.LogTail;
        Assert.True(exitCode == 0, log[Math.Max(0, log.Length - 8000)..]);
        Config = JsonNode.Parse(await File.ReadAllTextAsync($"{image}/image.json"))!["Docker"]!["config"]!;
        JsonNode manifest = JsonNode.Parse(await File.ReadAllTextAsync($"{image}/layers/manifest.json"))!;
        OwnEntries = ReadLayer($"{image}/layers/{((string)manifest["layers"]!.AsArray()[^1]!["digest"]!).Split(':')[1]}");
        Archive = await ArchivedImage.PublishAsync(_folder.Folder("archive"), $"{image}/base");
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    public static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');

    /// <summary>Temporary folders are made for their owner only, and the image's user is another one.</summary>
    public static void LetOthersIn(string folder)
    {
        Debug.Assert(OperatingSystem.IsLinux());
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
    }

    /// <summary>Libraries may be executed as well, but are no programs; nor is a text, though the SDK marks every file as one.</summary>
    public static bool IsProgram(string file)
    {
        Debug.Assert(OperatingSystem.IsLinux());
        if ((File.GetUnixFileMode(file) & UnixFileMode.UserExecute) == 0
            || Path.GetFileName(file).Contains(".so", StringComparison.Ordinal))
        {
            return false;
        }

        Span<byte> start = stackalloc byte[2];
        using FileStream content = File.OpenRead(file);
        return content.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) > 0
            && (start.SequenceEqual("#!"u8) || start.SequenceEqual("\u007fE"u8));
    }
}

[CollectionDefinition(ContainerImage.Tests)]
public sealed class ContainerImageTests : ICollectionFixture<ContainerImage>;
