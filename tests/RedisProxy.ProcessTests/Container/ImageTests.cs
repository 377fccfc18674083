using System.Formats.Tar;
using System.Text.Json.Nodes;

using RedisProxy.Testing;
using RedisProxy.Tests.Deploy;

namespace RedisProxy.ProcessTests.Container;

/// <summary>An image: what is in it, and its program run as its user on a file system that cannot be written.</summary>
public abstract class ImageTests(RunnableImage image, ITestOutputHelper output) : IDisposable
{
    private const long MaxOwnBytes = 23 * 1024 * 1024;
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const UnixFileMode SetId = UnixFileMode.SetUser | UnixFileMode.SetGroup;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new("image");

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Layer_HasTheProgramAndNothingElse()
    {
        IEnumerable<TarEntry> files = image.OwnEntries.Where(entry => entry.EntryType != TarEntryType.Directory);
        Assert.Equal(["app/LICENSE", "app/RedisProxy"], files.Select(file => file.Name.Trim('/')).Order(StringComparer.Ordinal));
        output.WriteLine($"{image.OwnBytes:N0} bytes");
        Assert.InRange(image.OwnBytes, 1, MaxOwnBytes);
    }

    [Fact]
    public void Files_BelongToRootAndNobodyElseMayChangeThem() => Assert.All(image.OwnEntries, entry =>
    {
        Assert.Equal((0, 0), (entry.Uid, entry.Gid));
        Assert.True((entry.Mode & (WritableByOthers | SetId)) == 0, $"{entry.Name}: {ContainerImage.Octal(entry.Mode)}");
    });

    [Fact]
    public void Root_HasOneProgramOnly()
    {
        IEnumerable<string> programs = Directory
            .EnumerateFiles($"{image.RootFolder}/", "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(ContainerImage.IsProgram);
        Assert.Equal([$"{image.RootFolder}{Product.Program}"], programs);
    }

    [Fact]
    public void Configuration_NamesUserProgramPortsAndVersion()
    {
        Assert.Equal("1654", image.User);
        Assert.Equal([Product.Program], Product.Words(image.Config["Entrypoint"]));
        Assert.True(image.Config["Cmd"] is null or JsonArray { Count: 0 });
        string[] ports = [.. image.Config["ExposedPorts"]!.AsObject().Select(port => port.Key)];
        Assert.Equal(["6380/tcp", "9180/tcp"], ports.Order(StringComparer.Ordinal));
        JsonNode labels = image.Config["Labels"]!;
        Assert.Equal(
            ("RedisProxy", Product.Version, "MIT"),
            ((string?)labels["org.opencontainers.image.title"], (string?)labels["org.opencontainers.image.version"],
                (string?)labels["org.opencontainers.image.licenses"]));
        Assert.Equal(
            "One stable Redis endpoint in front of a Sentinel deployment.", (string?)labels["org.opencontainers.image.description"]);
    }

    [Fact]
    public async Task Version_IsTheOneThatWasBuilt() =>
        Assert.Equal((0, $"RedisProxy {Product.Version}"), await image.RunAsync(_folder.Path, "--version"));

    [Fact]
    public async Task Help_IsPrinted()
    {
        (int exitCode, string text) = await image.RunAsync(_folder.Path, "--help");
        Assert.Equal(0, exitCode);
        Assert.Contains("RedisProxy [command] [options]", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_Configured_SaysWhatToDo()
    {
        (int exitCode, string text) = await image.RunAsync(_folder.Path);
        Assert.Equal(2, exitCode);
        Assert.Contains("nothing is configured", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Proxy_WithRedis_ServesAsTheImagesUserAndIsHealthy()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        (int port, int admin) = WriteConfiguration(redis.Port);
        await using ChildProcess proxy = await image.StartAsync(_folder.Path, image.ConfigurationArguments);
        (int ExitCode, string Output) health = await Eventually.Within(
            Patience, () => image.CheckHealthAsync(_folder.Path), answer => answer.ExitCode == 0, "the container is healthy");
        Assert.StartsWith("ready\n", health.Output, StringComparison.Ordinal);
        using (RawClient client = await RawClient.ConnectAsync("127.0.0.1", port))
        {
            Assert.Equal("OK", (await client.CallAsync("SET", "key", "value")).Text);
            Assert.Equal("value", (await redis.CallAsync("GET", "key")).Text);
        }

        AssertIsConfined(proxy.Id);
        (int exitCode, string status) = await StatusAsync();
        Assert.Equal(0, exitCode);
        Assert.Contains($"127.0.0.1:{redis.Port}", status, StringComparison.Ordinal);
        output.WriteLine($"{proxy.MemoryBytes:N0} bytes of memory, admin at {admin}");

        // docker stop.
        proxy.Terminate();
        Assert.Equal(0, await proxy.WaitForExitAsync(Patience));
        Assert.Equal(1, (await image.CheckHealthAsync(_folder.Path)).ExitCode);
    }

    [Fact]
    public async Task Proxy_WithoutRedis_LivesAndIsUnhealthy()
    {
        (_, int admin) = WriteConfiguration(FreePorts.Take());
        await using ChildProcess proxy = await image.StartAsync(_folder.Path, image.ConfigurationArguments);
        await Eventually.Within(
            Patience,
            async () => (await image.RunAsync(_folder.Path, ["health", "--live", .. image.ConfigurationArguments])).ExitCode == 0,
            "the proxy lives");
        (int exitCode, string text) = await image.CheckHealthAsync(_folder.Path);
        Assert.Equal(1, exitCode);
        Assert.Contains($"The proxy at 127.0.0.1:{admin} answers: not ready", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Environment_Alone_IsEnoughForProxyAndHealthCheck()
    {
        await using RedisServer redis = await RedisServer.StartAsync();
        int admin = FreePorts.Take();
        string[] launcher =
        [
            "env", "REDISPROXY_listeners__0__name=redis", $"REDISPROXY_listeners__0__bind=0.0.0.0:{FreePorts.Take()}",
            $"REDISPROXY_backend__endpoint={redis.Endpoint}", $"REDISPROXY_admin__bind=0.0.0.0:{admin}",
        ];
        await using ChildProcess proxy = await image.StartAsync(_folder.Path, [], launcher);
        await Eventually.Within(
            Patience,
            async () => (await image.CheckHealthAsync(_folder.Path, hasFile: false, launcher)).ExitCode == 0,
            "the container is healthy");
    }

    private (int Port, int Admin) WriteConfiguration(int redis)
    {
        (int port, int admin) = (FreePorts.Take(), FreePorts.Take());
        File.WriteAllText(
            _folder.File("proxy.json"),
            $$"""
            {
              "listeners": [ { "name": "redis", "bind": "0.0.0.0:{{port}}" } ],
              "backend": { "endpoint": "127.0.0.1:{{redis}}" },
              "admin": { "bind": "0.0.0.0:{{admin}}" }
            }
            """);
        ContainerImage.LetOthersIn(_folder.Path);
        return (port, admin);
    }

    private Task<(int ExitCode, string Output)> StatusAsync() => 
        image.RunAsync(_folder.Path, ["status", .. image.ConfigurationArguments]);

    /// <summary>By what the kernel says of the running process.</summary>
    private void AssertIsConfined(int id)
    {
        Dictionary<string, string> status = File.ReadLines($"/proc/{id}/status")
            .Select(line => line.Split(':', 2))
            .ToDictionary(parts => parts[0], parts => parts[1].Trim());
        Assert.Equal($"{image.User}\t{image.User}\t{image.User}\t{image.User}", status["Uid"]);
        Assert.Equal(0UL, Convert.ToUInt64(status["CapEff"], 16));
        Assert.Equal("1", status["NoNewPrivs"]);
        string root = File.ReadLines($"/proc/{id}/mountinfo").Select(line => line.Split(' ')).Last(fields => fields[4] == "/")[5];
        Assert.StartsWith("ro", root, StringComparison.Ordinal);
    }
}
