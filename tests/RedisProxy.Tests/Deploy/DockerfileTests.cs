using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

using RedisProxy.CommandLine;
using RedisProxy.Hosting;
using RedisProxy.Tests.CommandLine;

namespace RedisProxy.Tests.Deploy;

/// <summary>What the Dockerfile says, compared with repository and program. That it can be built, ./test.sh --container shows.</summary>
public sealed partial class DockerfileTests
{
    private const string Upwards = "../../";

    private const string Smallest =
        """{ "listeners": [ { "bind": "0.0.0.0:6380", "master": "m" } ], "sentinel": { "endpoints": [ "s:1" ] } }""";

    // A backslash at the end joins lines.
    private static readonly string[] Lines =
        [.. DeployFiles.Read("Dockerfile").Replace("\\\n", " ", StringComparison.Ordinal).Split('\n').Where(IsInstruction)];

    private static readonly string[] LastStage =
        [.. Lines.Skip(Array.FindLastIndex(Lines, line => line.StartsWith("FROM ", StringComparison.Ordinal)))];

    [Fact]
    public void Image_IsChiselledAndNotRoot()
    {
        Assert.EndsWith("-chiseled", LastStage[0], StringComparison.Ordinal);
        Assert.Equal("USER $APP_UID", LastStage.Last(line => line.StartsWith("USER ", StringComparison.Ordinal)));

        // There is nothing that could be run while it is made.
        Assert.DoesNotContain(LastStage, line => line.StartsWith("RUN ", StringComparison.Ordinal));
    }

    [Fact]
    public void Image_SaysTheVersionThatIsBuilt() =>
        Assert.Contains($"org.opencontainers.image.version=\"{Product.Version}\"", Value("LABEL"), StringComparison.Ordinal);

    [Fact]
    public void BaseImage_IsTheOneThatTheSdkTakes() => Assert.Contains(
        $"<ContainerBaseImage>{LastStage[0]["FROM ".Length..]}</ContainerBaseImage>",
        DeployFiles.Read("src/RedisProxy/Publish.props"),
        StringComparison.Ordinal);

    [Fact]
    public async Task EntryPoint_IsTheProgram_WhichFindsTheMountedFileByItself()
    {
        Assert.Equal([Product.Program], JsonSerializer.Deserialize<string[]>(Value("ENTRYPOINT"))!);
        Assert.Equal(Product.ConfigurationFile, $"{Value("WORKDIR")}/{ConfigurationArguments.DefaultFile}");
        Assert.DoesNotContain(LastStage, line => line.StartsWith("CMD ", StringComparison.Ordinal));
        Assert.Equal("run", (await Product.RunAsync(["--config", Product.ConfigurationFile], Smallest)).Called);
    }

    [Fact]
    public async Task HealthCheck_IsACommandOfTheProgram()
    {
        string[] command = JsonSerializer.Deserialize<string[]>(Value("HEALTHCHECK").Split(" CMD ")[1])!;
        Assert.Equal(Product.Program, command[0]);
        CommandLineRun run = await Product.RunAsync(command[1..], Smallest);
        Assert.Equal((ExitCode.Ok, "ask"), (run.ExitCode, run.Called));
        Assert.Contains($"/{run.Asked!.Split(' ')[1]}", Product.AdminPaths());
    }

    [Fact]
    public void Ports_AreTheUsualOnes()
    {
        int admin = Product.Configuration(Smallest).Admin.Bind!.Tcp!.Port;
        Assert.Equal($"6380 {admin}", Value("EXPOSE"));
    }

    [Fact]
    public void Sources_AreThereAndReachTheBuilder()
    {
        string[] patterns = [.. DeployFiles.ReadLines(".dockerignore").Where(line => line.StartsWith('!')).Select(line => line[1..])];
        string[] sources =
        [
            .. Lines.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal))
                .Where(line => !line.Contains("--from", StringComparison.Ordinal))
                .SelectMany(line => line.Split(' ')[1..^1]),
        ];
        Assert.NotEmpty(sources);
        Assert.All(sources, source => Assert.True(Path.Exists(DeployFiles.PathOf(source)), $"{source} is not there"));
        Assert.All(sources, source => Assert.Contains(
            patterns, pattern => source == pattern || source.StartsWith($"{pattern}/", StringComparison.Ordinal)));
    }

    [Fact]
    public void Restore_IsLocked_WithAllThatItReads()
    {
        string restore = Assert.Single(Lines, line => line.StartsWith("RUN dotnet restore", StringComparison.Ordinal));
        Assert.Contains("--locked-mode", restore, StringComparison.Ordinal);
        string copied = string.Join('\n', Lines.TakeWhile(line => line != restore));
        string[] needed = ["RedisProxy.csproj", "Publish.props", "packages.lock.json", "Directory.Packages.props", "global.json"];
        Assert.All(needed, file => Assert.Contains(file, copied, StringComparison.Ordinal));
    }

    /// <summary>A resource of the program from another folder, which its project names by a path upwards.</summary>
    [Fact]
    public void Build_HasTheResourcesThatAreNotInTheProjectsFolder()
    {
        string[] outside =
        [
            .. XDocument.Load(DeployFiles.PathOf("src/RedisProxy/RedisProxy.csproj")).Descendants("EmbeddedResource")
                .Select(resource => resource.Attribute("Include")!.Value).Where(path => path.StartsWith(Upwards, StringComparison.Ordinal))
                .Select(path => path[Upwards.Length..]),
        ];
        Assert.NotEmpty(outside);
        string copied = string.Join('\n', Lines.TakeWhile(line => !line.Contains("dotnet publish", StringComparison.Ordinal)));
        Assert.All(outside, file => Assert.Contains($"COPY {file} {Path.GetDirectoryName(file)}/", copied, StringComparison.Ordinal));
    }

    [Fact]
    public void BothPlatforms_AreBuiltFromEither()
    {
        MatchCollection pairs = Pair().Matches(string.Join('\n', Lines));
        Assert.Equal(["amd64:arm64", "arm64:amd64"], pairs.Select(pair => pair.Value).Distinct().Order());

        // Once for the tools and once for the compiler.
        Assert.Equal(4, pairs.Count);
    }

    [GeneratedRegex("(amd64:arm64|arm64:amd64)")]
    private static partial Regex Pair();

    private static bool IsInstruction(string line) => line.Length > 0 && !line.StartsWith('#');

    private static string Value(string instruction) =>
        Assert.Single(LastStage, line => line.StartsWith($"{instruction} ", StringComparison.Ordinal))[(instruction.Length + 1)..].Trim();
}
