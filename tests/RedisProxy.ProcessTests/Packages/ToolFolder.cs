using System.IO.Compression;
using System.Xml.Linq;

using RedisProxy.Testing;
using RedisProxy.Tests.Deploy;

namespace RedisProxy.ProcessTests.Packages;

/// <summary>
/// A user of the SDK, with home, caches and tools in a temporary folder, whose only source of packages is a folder: nothing is downloaded,
/// and nothing of this version stays behind for other users of this machine's caches.
/// </summary>
internal sealed class ToolFolder : IDisposable
{
    /// <summary>Where <c>test.sh</c> packs the tool, after it has published the native program.</summary>
    public static readonly string Made = Path.Combine(ProxyProgram.RepositoryRoot(), "src/RedisProxy/bin/packages");

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // As "dotnet pack" names it.
    private const string Settings = "tools/any/any/DotnetToolSettings.xml";

    private readonly TemporaryFolder _folder = new("tool");

    public ToolFolder()
    {
        Source = _folder.Folder("source");
        foreach (string package in Directory.EnumerateFiles(Made, "*.nupkg"))
        {
            File.Copy(package, Path.Combine(Source, Path.GetFileName(package)));
        }

        string home = _folder.Folder("home");
        Environment = ProxyProgram.CleanEnvironment();
        Environment["HOME"] = home;
        Environment["DOTNET_CLI_HOME"] = home;
        Environment["NUGET_PACKAGES"] = Path.Combine(home, "packages");
        Environment["NUGET_HTTP_CACHE_PATH"] = Path.Combine(home, "http");
        Environment["XDG_DATA_HOME"] = Path.Combine(home, "data");
        Environment["TMPDIR"] = _folder.Folder("tmp");
        Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        Environment["DOTNET_NOLOGO"] = "1";
        // A command that needs the runtime looks for it in the usual places; the tests' own may be elsewhere.
        Environment["DOTNET_ROOT"] = Path.GetDirectoryName(Path.GetFullPath(DotnetProgram));
    }

    /// <summary>The folder that packages come from.</summary>
    public string Source { get; }

    /// <summary>Of the SDK, and of what it installs.</summary>
    public Dictionary<string, string?> Environment { get; }

    /// <summary>The installed command.</summary>
    public string Command => _folder.File("tools/RedisProxy");

    public static string Package(string suffix = "") => Path.Combine(Made, $"RedisProxy{suffix}.{Product.Version}.nupkg");

    // The SDK names the one that runs it; otherwise the one that runs this test, by the place of its libraries: shared/NAME/VERSION.
    private static string DotnetProgram => System.Environment.GetEnvironmentVariable("DOTNET_HOST_PATH")
        ?? Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "../../../dotnet");

    public void Dispose() => _folder.Dispose();

    /// <summary>As on a platform that no native package is for: none is offered.</summary>
    public void OfferPortableCodeOnly()
    {
        using ZipArchive package = ZipFile.Open(Path.Combine(Source, Path.GetFileName(Package())), ZipArchiveMode.Update);
        XDocument settings = ReadSettings(package);
        settings.Descendants("RuntimeIdentifierPackage").Where(one => (string?)one.Attribute("RuntimeIdentifier") != "any").Remove();
        using Stream entry = package.GetEntry(Settings)!.Open();
        entry.SetLength(0);
        settings.Save(entry);
    }

    /// <summary>What the package <c>RedisProxy</c> leads to, by platform.</summary>
    public static Dictionary<string, string> Platforms()
    {
        using ZipArchive package = ZipFile.OpenRead(Package());
        return ReadSettings(package).Descendants("RuntimeIdentifierPackage")
            .ToDictionary(one => (string)one.Attribute("RuntimeIdentifier")!, one => (string)one.Attribute("Id")!);
    }

    public async Task InstallAsync()
    {
        string tools = Path.GetDirectoryName(Command)!;
        await using ChildProcess install = await DotnetAsync("tool", "install", "RedisProxy", "--tool-path", tools, "--source", Source);
        int exitCode = await install.WaitForExitAsync(Patience);
        Assert.True(exitCode == 0, install.LogTail);
    }

    /// <summary>A command of the SDK, started.</summary>
    public Task<ChildProcess> DotnetAsync(params string[] arguments) =>
        ChildProcess.StartAsync("dotnet", DotnetProgram, arguments, _folder.File("dotnet.log"), Environment);

    /// <summary>The installed command, run to its end.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        await using ChildProcess process = await ChildProcess.StartAsync(
            "RedisProxy", Command, arguments, _folder.File("command.log"), Environment);
        return (await process.WaitForExitAsync(Patience), process.LogTail);
    }

    private static XDocument ReadSettings(ZipArchive package)
    {
        using Stream entry = package.GetEntry(Settings)!.Open();
        return XDocument.Load(entry);
    }
}
