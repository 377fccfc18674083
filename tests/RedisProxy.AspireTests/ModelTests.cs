using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

using Microsoft.Extensions.DependencyInjection;

using RedisProxy.Testing;

namespace RedisProxy.AspireTests;

/// <summary>What a few lines of an app host become, before anything is started.</summary>
#pragma warning disable ASPIREDOTNETTOOL // If it changes, the compiler says so.
public sealed class ModelTests
{
    private readonly IDistributedApplicationBuilder _app =
        DistributedApplication.CreateBuilder(new DistributedApplicationOptions { DisableDashboard = true });

    [Fact]
    public void Sentinel_WithoutAProxy_IsConnectedToAsStackExchangeRedisDoes()
    {
        RedisSentinelResource redis = _app.AddRedisSentinel("cache", masterName: "main").WithReplicas(2).Resource;

        Assert.Equal(["cache-1", "cache-2", "cache-3"], Names(redis.Servers));
        Assert.Equal(["cache-sentinel-1", "cache-sentinel-2", "cache-sentinel-3"], Names(redis.Sentinels));
        Assert.Equal(
            string.Concat(redis.Sentinels.Select(s => $"{{{s.Resource.Name}.bindings.tcp.host}}:{{{s.Resource.Name}.bindings.tcp.port}},"))
            + "serviceName=main",
            redis.ConnectionStringExpression.ValueExpression);
    }

    [Fact]
    public async Task Proxy_ByDefault_IsTheToolOfTheSameVersion()
    {
        RedisSentinelResource redis = _app.AddRedisSentinel("cache", sentinels: 2).WithReplicas(1).WithProxy(port: 6380).Resource;

        Assert.Equal("{cache-proxy.bindings.tcp.host}:{cache-proxy.bindings.tcp.port}", redis.ConnectionStringExpression.ValueExpression);
        IResource proxy = _app.Resources.Single(resource => resource.Name == "cache-proxy");
        DotnetToolAnnotation tool = Assert.Single(proxy.Annotations.OfType<DotnetToolAnnotation>());
        string version = typeof(RedisSentinelResource).Assembly.GetName().Version!.ToString(3);
        Assert.Equal(("RedisProxy", version), (tool.PackageId, tool.Version));
        Assert.Equal(
            [
                "--listen", "127.0.0.1:6380", "--admin", $"127.0.0.1:{redis.ProxyAdmin!.EndpointAnnotation.Port}", "--master", "mymaster",
                "--sentinel", string.Join(',', redis.Sentinels.Select(s => s.Address)),
            ],
            await ArgumentsAsync(proxy));
    }

    [Fact]
    public async Task Containers_KnowEachOtherByName()
    {
        RedisSentinelResource redis = _app.AddRedisSentinelContainers("cache", image: "valkey/valkey", tag: "9.1")
            .WithReplicas(1)
            .WithProxy((app, name) => app.AddContainer(name, "redisproxy", "0.1.0"))
            .Resource;

        Assert.All(redis.Servers.Concat(redis.Sentinels), node =>
        {
            ContainerImageAnnotation image = Assert.Single(node.Resource.Annotations.OfType<ContainerImageAnnotation>());
            Assert.Equal(("valkey/valkey", "9.1"), (image.Image, image.Tag));
        });
        Assert.DoesNotContain("replicaof", await FileAsync(redis.Servers[0]), StringComparison.Ordinal);
        Assert.Contains("\nreplicaof cache-1 6379\n", await FileAsync(redis.Servers[1]), StringComparison.Ordinal);
        Assert.Contains("\nreplica-announce-ip cache-2\n", await FileAsync(redis.Servers[1]), StringComparison.Ordinal);
        string sentinel = await FileAsync(redis.Sentinels[1]);
        Assert.Contains("\nsentinel monitor mymaster cache-1 6379 2\n", sentinel, StringComparison.Ordinal);
        Assert.Contains("\nsentinel announce-ip cache-sentinel-2\n", sentinel, StringComparison.Ordinal);
        Assert.Equal(["/data/redis.conf", "--sentinel"], await ArgumentsAsync(redis.Sentinels[0].Resource));
        IResource proxy = redis.Proxy!.Resource;
        Assert.Equal(
            [
                "--listen", "0.0.0.0:6380", "--admin", "0.0.0.0:9180", "--master", "mymaster",
                "--sentinel", "cache-sentinel-1:26379,cache-sentinel-2:26379,cache-sentinel-3:26379",
            ],
            await ArgumentsAsync(proxy));
        Assert.Equal(
            [("tcp", 6380), ("admin", 9180)],
            proxy.Annotations.OfType<EndpointAnnotation>().Select(static endpoint => (endpoint.Name, endpoint.TargetPort!.Value)));
    }

    /// <summary>In whatever order it is said.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Password_IsKnownToServersSentinelsProxyAndApplications(bool isProxyFirst)
    {
        IResourceBuilder<ParameterResource> password = _app.AddParameter("secret", "s3cret(!)", secret: true);
        IResourceBuilder<RedisSentinelResource> redis = _app.AddRedisSentinelContainers("cache").WithReplicas(1);
        redis = isProxyFirst ? WithProxy(redis).WithPassword(password) : WithProxy(redis.WithPassword(password));
        RedisSentinelResource made = redis.Resource;

        Assert.Same(password.Resource, made.Password);
        Assert.All(
            await Task.WhenAll(made.Servers.Select(FileAsync)),
            static file => Assert.Contains("\nrequirepass s3cret(!)\nmasterauth s3cret(!)\n", file, StringComparison.Ordinal));
        Assert.All(
            await Task.WhenAll(made.Sentinels.Select(FileAsync)),
            static file => Assert.Contains("\nsentinel auth-pass mymaster s3cret(!)\n", file, StringComparison.Ordinal));
        Assert.Equal("{secret.value}", await VariableAsync(made.Proxy!.Resource, "REDISPROXY_backend__password"));
        Assert.Equal(
            "{cache-proxy.bindings.tcp.host}:{cache-proxy.bindings.tcp.port},password={secret.value}",
            made.ConnectionStringExpression.ValueExpression);
        Dictionary<string, ReferenceExpression> properties =
            ((IResourceWithConnectionString)made).GetConnectionProperties().ToDictionary();
        Assert.Equal("{secret.value}", properties["Password"].ValueExpression);
        Assert.StartsWith("redis://:{secret", properties["Uri"].ValueExpression, StringComparison.Ordinal);

        static IResourceBuilder<RedisSentinelResource> WithProxy(IResourceBuilder<RedisSentinelResource> redis) =>
            redis.WithProxy((app, name) => app.AddContainer(name, "redisproxy"));
    }

    [Fact]
    public void Password_WithoutAProxy_IsInTheConnectionString()
    {
        RedisSentinelResource redis = _app.AddRedisSentinel("cache").WithPassword().Resource;

        Assert.EndsWith(
            ",serviceName=mymaster,password={cache-password.value}",
            redis.ConnectionStringExpression.ValueExpression,
            StringComparison.Ordinal);
    }

    /// <summary>Sentinel would write some of these into its file so that it could not read them again.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("a,ssl=true")]
    [InlineData("quo\"te")]
    [InlineData("line\n")]
    [InlineData("schl\u00fcssel")]
    public async Task Password_ThatCannotBeInAFile_IsRefused(string password)
    {
        RedisSentinelResource redis = _app.AddRedisSentinelContainers("cache")
            .WithPassword(_app.AddParameter("secret", password, secret: true))
            .Resource;

        DistributedApplicationException refused =
            await Assert.ThrowsAsync<DistributedApplicationException>(() => FileAsync(redis.Servers[0]));
        Assert.Contains("The password 'secret' is empty or has a character", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>What Redis itself says of the files: it ends with an error for a directive that it does not know.</summary>
    [Fact]
    public async Task Files_AreWhatServersTake()
    {
        using var folder = new TemporaryFolder("aspire");
        RedisSentinelResource redis = _app.AddRedisSentinel("cache").WithReplicas(1).Resource;
        RedisNode master = redis.Servers[0];
        RedisNode sentinel = redis.Sentinels[0];
        const string Loopback = "127.0.0.1";
        foreach ((string text, string[] arguments) in new[]
                 {
                     (RedisNodeConfiguration.OfServer(Loopback, master.Port, Loopback, master: null)
                         + RedisNodeConfiguration.OfPassword(masterName: null, "s3cret"), Array.Empty<string>()),
                     (RedisNodeConfiguration.OfSentinel(Loopback, sentinel.Port, Loopback, master, "mymaster", 2)
                         + RedisNodeConfiguration.OfPassword("mymaster", "s3cret"), ["--sentinel"]),
                 })
        {
            string file = folder.File("redis.conf");
            await File.WriteAllTextAsync(file, $"dir \"{folder.Path}\"\n{text}");
            await using ChildProcess server =
                await ChildProcess.StartAsync("server", "redis-server", [file, .. arguments], folder.File("log"));
            await Eventually.Within(
                TimeSpan.FromSeconds(20),
                () => server.HasExited || server.LogTail.Contains("Running mode=", StringComparison.Ordinal),
                "it is up");
            Assert.False(server.HasExited, server.LogTail);
        }
    }

    [Fact]
    public void Published_ItIsAConnectionStringThatIsGiven()
    {
        IDistributedApplicationBuilder app = DistributedApplication.CreateBuilder(
            new DistributedApplicationOptions { Args = ["--publisher", "manifest"], DisableDashboard = true });
        RedisSentinelResource redis = app.AddRedisSentinel("cache").WithReplicas(2).WithPassword().WithProxy().Resource;

        Assert.Equal("{cache-connection-string.value}", redis.ConnectionStringExpression.ValueExpression);
        Assert.Empty(((IResourceWithConnectionString)redis).GetConnectionProperties());
        Assert.Equal(["cache", "cache-connection-string"], app.Resources.Select(static resource => resource.Name).Order());
    }

    [Fact]
    public void Mistakes_AreSaidAtOnce()
    {
        IResourceBuilder<RedisSentinelResource> redis = _app.AddRedisSentinel("cache");

        Assert.Throws<ArgumentOutOfRangeException>(() => redis.WithReplicas(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => _app.AddRedisSentinel("other", sentinels: 0));
        Assert.Contains(
            "'my master'",
            Assert.Throws<ArgumentException>(() => _app.AddRedisSentinel("other", "my master")).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "either all are containers, or none is",
            Assert.Throws<InvalidOperationException>(() => redis.WithProxy((app, name) => app.AddContainer(name, "redisproxy"))).Message,
            StringComparison.Ordinal);
        IResourceBuilder<RedisSentinelResource> twice = _app.AddRedisSentinel("twice").WithProxy();
        Assert.Contains(
            "'twice' has a proxy already",
            Assert.Throws<InvalidOperationException>(() => twice.WithProxy()).Message,
            StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(IEnumerable<RedisNode> nodes) => nodes.Select(static node => node.Resource.Name);

    private static async Task<string[]> ArgumentsAsync(IResource resource)
    {
        List<object> arguments = [];
        foreach (CommandLineArgsCallbackAnnotation annotation in resource.Annotations.OfType<CommandLineArgsCallbackAnnotation>())
        {
            await annotation.Callback(new CommandLineArgsCallbackContext(arguments, resource, CancellationToken.None));
        }

        return [.. arguments.Select(static argument => argument.ToString()!)];
    }

    private async Task<string> VariableAsync(IResource resource, string name)
    {
        Dictionary<string, object> variables = [];
        foreach (EnvironmentCallbackAnnotation annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            await annotation.Callback(new EnvironmentCallbackContext(_app.ExecutionContext, resource, variables));
        }

        return Assert.IsType<ParameterResource>(variables[name]).ValueExpression;
    }

    private static async Task<string> FileAsync(RedisNode node)
    {
        ContainerFileSystemCallbackAnnotation files =
            Assert.Single(node.Resource.Annotations.OfType<ContainerFileSystemCallbackAnnotation>());
        using ServiceProvider services = new ServiceCollection().BuildServiceProvider();
        IEnumerable<ContainerFileSystemItem> items = await files.Callback(
            new ContainerFileSystemCallbackContext { Services = services, Model = node.Resource }, CancellationToken.None);
        return Assert.IsType<ContainerFile>(Assert.Single(items)).Contents!;
    }
}
