using System.Globalization;
using System.Text.Json.Nodes;

using RedisProxy.Configuration;
using RedisProxy.Tests.CommandLine;

namespace RedisProxy.Tests.Deploy;

/// <summary>The compose file: by its schema, by the files and names in it, and by what the program offers.</summary>
public sealed class ComposeTests
{
    private const string Folder = "deploy/compose";

    private static readonly JsonObject Root = DeployFiles.Document(DeployFiles.Compose);
    private static readonly JsonObject Services = Root["services"]!.AsObject();
    private static readonly JsonNode Proxy = Services["redisproxy"]!;

    private static ProxyOptions Options => Product.Configuration(DeployFiles.Read($"{Folder}/proxy.json"));

    [Fact]
    public void Compose_FollowsTheSpecification()
    {
        var root = (JsonObject)Root.DeepClone();

        // Newer than the schema.
        Assert.True(root.Remove("name"));
        Schemas.AssertValid(Schemas.ComposeSpecification, root);
    }

    [Fact]
    public void Specification_FindsMistakes()
    {
        var root = new JsonObject { ["services"] = Services.DeepClone() };
        root["services"]!["redisproxy"]!["readonly"] = true;
        string violation = Assert.Single(Schemas.Violations(Schemas.ComposeSpecification, root), line => line.Contains("readonly"));
        Assert.StartsWith("/services/redisproxy/readonly", violation, StringComparison.Ordinal);
    }

    [Fact]
    public void Compose_IsTheWholeDeployment()
    {
        string[] expected =
        [
            "application", "grafana", "prometheus", "redis-1", "redis-2", "redis-3", "redisproxy", "sentinel-1", "sentinel-2", "sentinel-3",
        ];
        Assert.Equal(expected, Services.Select(service => service.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EachService_CanDoNoMoreThanItMust() => Assert.All(Services, service =>
    {
        Assert.True((bool)service.Value!["read_only"]!);
        Assert.Equal(["ALL"], Product.Words(service.Value["cap_drop"]));
        Assert.Equal(["no-new-privileges:true"], Product.Words(service.Value["security_opt"]));
    });

    [Fact]
    public void Names_AreDefined()
    {
        Assert.All(Services, service =>
        {
            Assert.All(KeysOf(service.Value!["depends_on"]), name => Assert.Contains(name, Services));
            Assert.All(Product.Words(service.Value["networks"]), name => Assert.Contains(name, Root["networks"]!.AsObject()));
        });
        Assert.All(VolumesOf("redis-1", "redis-2", "redis-3", "sentinel-1", "sentinel-2", "sentinel-3"), volume =>
            Assert.True(volume.Source.StartsWith('.') || Root["volumes"]!.AsObject().ContainsKey(volume.Source), volume.Source));

        // What is waited for can say how it is; the proxy's image does by itself.
        IEnumerable<string> waitedFor = Services.SelectMany(service => KeysOf(service.Value!["depends_on"])).Distinct();
        Assert.All(waitedFor.Where(name => name != "redisproxy"), name => Assert.NotNull(Services[name]!["healthcheck"]));
    }

    [Fact]
    public void MountedFiles_AreThere()
    {
        IEnumerable<string> sources = VolumesOf([.. Services.Select(service => service.Key)])
            .Select(volume => volume.Source)
            .Where(source => source.StartsWith('.'));
        Assert.All(sources, source => Assert.True(Path.Exists(DeployFiles.PathOf($"{Folder}/{source}")), $"{source} is not there"));
    }

    [Fact]
    public async Task Proxy_IsStartedWithItsFileAndInItsVersion()
    {
        Assert.Equal($"redisproxy:{Product.Version}", (string?)Proxy["image"]);
        Assert.True(File.Exists(DeployFiles.PathOf($"{Folder}/{(string?)Proxy["build"]!["context"]}/Dockerfile")));
        Assert.Contains(("./proxy.json", Product.ConfigurationFile), VolumesOf("redisproxy"));
        Assert.Null(Proxy["command"]);
        CommandLineRun run = await Product.RunAsync(["--config", Product.ConfigurationFile], DeployFiles.Read($"{Folder}/proxy.json"));
        Assert.Equal("run", run.Called);
    }

    [Fact]
    public void Ports_AreThoseOfTheConfiguration()
    {
        int redis = Product.ListenerPort(Options);
        int admin = Options.Admin.Bind!.Tcp!.Port;
        Assert.Equal([$"127.0.0.1:{redis}:{redis}", $"127.0.0.1:{admin}:{admin}"], Product.Words(Proxy["ports"]));
        string[] application = Product.Words(Services["application"]!["command"]);
        Assert.Equal(["-h", "redisproxy", "-p", redis.ToString(CultureInfo.InvariantCulture)], application[1..5]);
        JsonNode scrape = DeployFiles.Document($"{Folder}/prometheus.yml")["scrape_configs"]![0]!;
        Assert.Equal([$"redisproxy:{admin}"], Product.Words(scrape["static_configs"]![0]!["targets"]));
    }

    [Fact]
    public void Application_ReachesTheProxyOnly()
    {
        string[] networks = Product.Words(Services["application"]!["networks"]);
        Assert.All(
            Services.Where(service => service.Key.StartsWith("redis-", StringComparison.Ordinal) || service.Key.StartsWith("sentinel-")),
            service => Assert.Empty(Product.Words(service.Value!["networks"]).Intersect(networks)));
        Assert.Equal(["clients", "redis"], Product.Words(Proxy["networks"]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Sentinels_AreThoseOfTheConfigurationAndAnnounceNames()
    {
        Assert.All(Options.Sentinel!.Endpoints, endpoint => Assert.Equal(endpoint.Host, (string?)Services[endpoint.Host]!["hostname"]));
        string[] lines = [.. DeployFiles.ReadLines($"{Folder}/redis/sentinel.conf").Where(line => line.StartsWith("sentinel "))];
        Assert.Equal(["sentinel resolve-hostnames yes", "sentinel announce-hostnames yes"], lines[..2]);
        Assert.Equal($"sentinel monitor {Options.Listeners[0].Master} redis-1 6379 2", lines[2]);
    }

    [Fact]
    public void GracePeriod_IsLongEnough()
    {
        double seconds = double.Parse(((string)Proxy["stop_grace_period"]!).TrimEnd('s'), CultureInfo.InvariantCulture);
        Assert.InRange(seconds, Product.TimeToStop(Options).TotalSeconds, double.MaxValue);
    }

    private static IEnumerable<string> KeysOf(JsonNode? node) => node?.AsObject().Select(entry => entry.Key) ?? [];

    private static IEnumerable<(string Source, string Target)> VolumesOf(params string[] services) => services
        .Where(service => Services[service]!["volumes"] is not null)
        .SelectMany(service => Product.Words(Services[service]!["volumes"]))
        .Select(volume => volume.Split(':'))
        .Select(parts => (parts[0], parts[1]));
}
