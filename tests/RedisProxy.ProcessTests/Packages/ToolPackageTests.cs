using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Xml.Linq;

using RedisProxy.Testing;
using RedisProxy.Tests.Deploy;

namespace RedisProxy.ProcessTests.Packages;

/// <summary>
/// The .NET tool, installed from the packages that <c>test.sh</c> makes, and run. In the tier that runs on every change: packing takes the
/// native program of that run instead of compiling it again, so it costs half a minute, and all of this a few seconds.
/// </summary>
public sealed class ToolPackageTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string Here = $"linux-{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}";

    private readonly ToolFolder _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public void Package_LeadsToOneOfEachPlatform()
    {
        Dictionary<string, string> platforms = ToolFolder.Platforms();
        Assert.Equal(["any", "linux-arm64", "linux-x64"], platforms.Keys.Order(StringComparer.Ordinal));
        Assert.All(platforms, platform => Assert.Equal($"RedisProxy.{platform.Key}", platform.Value));
        Assert.Contains(Here, platforms.Keys);
    }

    [Theory]
    [InlineData("", "DotnetTool")]
    [InlineData(".any", "DotnetToolRidPackage")]
    [InlineData("here", "DotnetToolRidPackage")]
    public void Package_SaysWhatItIs(string suffix, string type)
    {
        suffix = suffix.Replace("here", $".{Here}", StringComparison.Ordinal);
        using ZipArchive package = ZipFile.OpenRead(ToolFolder.Package(suffix));
        using Stream file = package.GetEntry($"RedisProxy{suffix}.nuspec")!.Open();
        Dictionary<string, XElement> says = XDocument.Load(file).Root!.Elements().Single().Elements()
            .ToDictionary(element => element.Name.LocalName);
        Assert.Equal((Product.Version, "MIT", "README.md"), (says["version"].Value, says["license"].Value, says["readme"].Value));
        Assert.NotEmpty(says["description"].Value);
        Assert.Contains("sentinel", says["tags"].Value, StringComparison.Ordinal);
        Assert.Equal(type, (string?)says["packageTypes"].Elements().Single().Attribute("name"));
        Assert.DoesNotContain("dependencies", says.Keys);
        using var readme = new StreamReader(package.GetEntry("README.md")!.Open());
        Assert.Equal(DeployFiles.Read("docs/package.md"), readme.ReadToEnd());
    }

    [Fact]
    public void NativePackage_HasTheProgramAndNothingElse()
    {
        using ZipArchive package = ZipFile.OpenRead(ToolFolder.Package($".{Here}"));
        string folder = $"tools/any/{Here}/";
        Assert.Equal(
            ["DotnetToolSettings.xml", "RedisProxy"],
            package.Entries.Where(entry => entry.FullName.StartsWith(folder, StringComparison.Ordinal))
                .Select(entry => entry.Name)
                .Order(StringComparer.Ordinal));
        output.WriteLine($"{new FileInfo(ToolFolder.Package($".{Here}")).Length:N0} bytes");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task InstalledCommand_InFrontOfRedis_Serves(bool isNative)
    {
        if (!isNative)
        {
            _tool.OfferPortableCodeOnly();
        }

        await _tool.InstallAsync();
        Assert.Equal((0, $"RedisProxy {Product.Version}"), await _tool.RunAsync("--version"));
        (int exitCode, string help) = await _tool.RunAsync("--help");
        Assert.Equal(0, exitCode);
        Assert.Contains("RedisProxy [command] [options]", help, StringComparison.Ordinal);

        await using RedisServer redis = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(redis) with { Program = _tool.Command, Environment = _tool.Environment });
        using RawClient client = await proxy.ConnectAsync();
        Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
        Assert.Equal(isNative, !LoadedLibraries(proxy.Process.Id).Contains("libcoreclr.so"));
        Assert.Equal(0, await proxy.StopAsync());
    }

    [Fact]
    public async Task Dnx_WithoutInstalling_RunsTheProxy()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        int port = FreePorts.Take();
        _tool.Environment["REDISPROXY_admin__bind"] = $"127.0.0.1:{FreePorts.Take()}";
        await using ChildProcess dnx = await _tool.DotnetAsync(
            "dnx", "redisproxy", "--yes", "--source", _tool.Source, "--", "--listen", $"{port}", "--backend", redis.Endpoint);
        await Eventually.Within(
            Patience, () => dnx.HasExited || dnx.LogTail.Contains(" is up, ", StringComparison.Ordinal), "the proxy is up, or has ended");
        Assert.False(dnx.HasExited, dnx.LogTail);

        // The SDK starts the proxy and waits for it. Killed with the SDK only, it would stay.
        int proxy = Assert.Single(ChildrenOf(dnx.Id));
        try
        {
            using RawClient client = await RawClient.ConnectAsync("127.0.0.1", port);
            Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
            Assert.Contains("RedisProxy", await File.ReadAllTextAsync($"/proc/{proxy}/comm"), StringComparison.Ordinal);
        }
        finally
        {
            NativeProcess.Signal(proxy, NativeProcess.SigTerm);
        }

        Assert.Equal(0, await dnx.WaitForExitAsync(Patience));
    }

    private static int[] ChildrenOf(int id) =>
    [
        .. Directory.EnumerateDirectories($"/proc/{id}/task")
            .SelectMany(thread => File.ReadAllText($"{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(int.Parse),
    ];

    private static HashSet<string> LoadedLibraries(int id) =>
        [.. File.ReadLines($"/proc/{id}/maps").Select(line => Path.GetFileName(line.Split(' ')[^1]))];
}
