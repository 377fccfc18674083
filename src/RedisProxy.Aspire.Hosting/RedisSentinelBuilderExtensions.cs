using System.Security.Cryptography;
using System.Text.RegularExpressions;

using Aspire.Hosting.ApplicationModel;

using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>Redis with Sentinels, and RedisProxy in front of them, in an app host.</summary>
public static partial class RedisSentinelBuilderExtensions
{
    /// <summary>Sentinel's customary name for the only master.</summary>
    private const string DefaultMasterName = "mymaster";
    private const int DefaultSentinels = 3;
    private const string AdminEndpoint = "admin";

    /// <summary>The proxy's package, as a .NET tool.</summary>
    private const string ToolPackage = "RedisProxy";

    /// <summary>
    /// A Redis master and its Sentinels, as processes of this machine. Data is not kept. When the application is published there are no
    /// such processes: the parameter NAME-connection-string says where the real ones are.
    /// </summary>
    /// <param name="builder">The app host's.</param>
    /// <param name="name">Of the resource, and of its connection string.</param>
    /// <param name="masterName">Sentinel's name for the master: letters, digits, dot, hyphen and underscore.</param>
    /// <param name="sentinels">1 to 9; a majority of them has to agree before a master is replaced.</param>
    /// <param name="program">The server: a path, or a name to be looked up in PATH, such as valkey-server.</param>
    public static IResourceBuilder<RedisSentinelResource> AddRedisSentinel(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        string masterName = DefaultMasterName,
        int sentinels = DefaultSentinels,
        string program = "redis-server")
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(program);
        return builder.AddRedisSentinel(name, masterName, sentinels, new RedisProcesses(builder, name, program));
    }

    /// <summary>
    /// The same as containers. Its proxy has to be a container as well: Sentinels announce names that only containers know.
    /// </summary>
    /// <param name="builder">The app host's.</param>
    /// <param name="name">Of the resource, and of its connection string.</param>
    /// <param name="masterName">Sentinel's name for the master: letters, digits, dot, hyphen and underscore.</param>
    /// <param name="sentinels">1 to 9; a majority of them has to agree before a master is replaced.</param>
    /// <param name="image">With a program redis-server.</param>
    /// <param name="tag">Of the image.</param>
    public static IResourceBuilder<RedisSentinelResource> AddRedisSentinelContainers(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        string masterName = DefaultMasterName,
        int sentinels = DefaultSentinels,
        string image = "docker.io/library/redis",
        string tag = "8.0")
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddRedisSentinel(name, masterName, sentinels, new RedisContainers(builder, image, tag));
    }

    /// <summary>Adds replicas of the master. Without any, no failover can succeed.</summary>
    /// <param name="builder">The deployment's.</param>
    /// <param name="count">How many more; 1 to 9.</param>
    public static IResourceBuilder<RedisSentinelResource> WithReplicas(this IResourceBuilder<RedisSentinelResource> builder, int count)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 9);
        for (int i = 0; i < count && builder.Resource.Given is null; i++)
        {
            AddServer(builder);
        }

        return builder;
    }

    /// <summary>
    /// Makes the servers ask for a password. Replicas, Sentinels, the proxy and the connection string have it as well.
    /// </summary>
    /// <param name="builder">The deployment's.</param>
    /// <param name="password">
    /// Visible ASCII characters without comma, quotation marks and backslash. Default: a random one, the parameter NAME-password.
    /// </param>
    public static IResourceBuilder<RedisSentinelResource> WithPassword(
        this IResourceBuilder<RedisSentinelResource> builder, IResourceBuilder<ParameterResource>? password = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Resource.Given is null)
        {
            builder.Resource.Nodes.Password = password?.Resource
                ?? ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(
                    builder.ApplicationBuilder, $"{builder.Resource.Name}-password", special: false);
        }

        return builder;
    }

    /// <summary>
    /// Puts RedisProxy in front, so that the connection string is one address, and stays right in a failover. It runs as the .NET tool of
    /// this package's version.
    /// </summary>
    /// <param name="builder">The deployment's.</param>
    /// <param name="port">Where it listens on this machine; default: a free port.</param>
    public static IResourceBuilder<RedisSentinelResource> WithProxy(
        this IResourceBuilder<RedisSentinelResource> builder, int? port = null) =>
        builder.WithProxy(AddTool, port);

    /// <summary>
    /// Puts RedisProxy in front, so that the connection string is one address, and stays right in a failover. It runs as what
    /// <paramref name="add"/> makes of it: a project (AddProject), a program (AddExecutable) or a container (AddContainer).
    /// </summary>
    /// <typeparam name="T">A process, if the servers are processes, or a container, if they are containers.</typeparam>
    /// <param name="builder">The deployment's.</param>
    /// <param name="add">Given the app host's builder and a name, adds the resource, without addresses and endpoints.</param>
    /// <param name="port">Where it listens on this machine; default: a free port.</param>
    /// <exception cref="InvalidOperationException">There is a proxy already, or it would not reach the servers.</exception>
    public static IResourceBuilder<RedisSentinelResource> WithProxy<T>(
        this IResourceBuilder<RedisSentinelResource> builder,
        Func<IDistributedApplicationBuilder, string, IResourceBuilder<T>> add,
        int? port = null)
        where T : IResourceWithEndpoints, IResourceWithArgs, IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(add);
        RedisSentinelResource redis = builder.Resource;
        if (redis.Given is not null)
        {
            return builder;
        }

        if (redis.Proxy is not null)
        {
            throw new InvalidOperationException($"'{redis.Name}' has a proxy already.");
        }

        IResourceBuilder<T> proxy = add(builder.ApplicationBuilder, $"{redis.Name}-proxy");
        if (!redis.Nodes.Reach(proxy.Resource))
        {
            throw new InvalidOperationException(
                $"'{proxy.Resource.Name}' would not reach the servers of '{redis.Name}': either all are containers, or none is.");
        }

        ParameterResource token = new($"{proxy.Resource.Name}-token", static _ => RandomNumberGenerator.GetHexString(32), secret: true);
        string listen = redis.Nodes.Listen(proxy, RedisSentinelResource.EndpointName, "tcp", port);
        string admin = redis.Nodes.Listen(proxy, AdminEndpoint, "http", port: null);
        proxy.WithArgs("--listen", listen, "--admin", admin, "--master", redis.MasterName)
            .WithArgs("--sentinel", string.Join(',', redis.Sentinels.Select(static sentinel => sentinel.Address)))
            .WithEnvironment("REDISPROXY_admin__token", builder.ApplicationBuilder.CreateResourceBuilder(token))
            .WithEnvironment(context =>
            {
                // When it starts: WithPassword may follow.
                if (redis.Password is { } password)
                {
                    context.EnvironmentVariables["REDISPROXY_backend__password"] = password;
                }
            })
            .WithUrlForEndpoint(AdminEndpoint, static url => url.DisplayText = "Status")
            .WithHttpHealthCheck("/healthz/ready", endpointName: AdminEndpoint)
            .WithParentRelationship(redis);
        redis.Proxy = proxy.GetEndpoint(RedisSentinelResource.EndpointName);
        redis.ProxyAdmin = proxy.GetEndpoint(AdminEndpoint);
        redis.ProxyToken = token;
        return builder;
    }

    private static IResourceBuilder<RedisSentinelResource> AddRedisSentinel(
        this IDistributedApplicationBuilder app, string name, string masterName, int sentinels, RedisNodes nodes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sentinels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sentinels, 9);
        if (!MasterNames.IsMatch(masterName))
        {
            throw new ArgumentException($"'{masterName}' is no name that Sentinel takes for a master.", nameof(masterName));
        }

        if (app.ExecutionContext.IsPublishMode)
        {
            ParameterResource given = app.AddParameter($"{name}-connection-string", secret: true).Resource;
            RedisSentinelResource published = new(name, masterName, nodes) { Given = given };
            return app.AddResource(published).WithManifestPublishingCallback(context =>
            {
                context.Writer.WriteString("type", "value.v0");
                context.WriteConnectionString(published);
            });
        }

        IResourceBuilder<RedisSentinelResource> builder = app
            .AddResource(new RedisSentinelResource(name, masterName, nodes))
            .WithInitialState(new CustomResourceSnapshot
            {
                ResourceType = "Redis with Sentinel",
                State = KnownResourceStates.Starting,
                Properties = [],
            })
            .WithFailOverCommand()
            .OnInitializeResource(static (redis, start, cancellation) => StartAsync(redis, start, cancellation));
        AddServer(builder);
        for (int i = 1; i <= sentinels; i++)
        {
            builder.Add(nodes.Add($"{name}-sentinel-{i}", builder.Resource.Servers[0], (masterName, sentinels / 2 + 1)));
        }

        return builder.WithHealthCheck(app, cancellation => RedisHealth.OfAllAsync(builder.Resource, cancellation));
    }

    private static void AddServer(IResourceBuilder<RedisSentinelResource> builder)
    {
        RedisSentinelResource redis = builder.Resource;
        RedisNode? master = redis.Servers.Count == 0 ? null : redis.Servers[0];
        builder.Add(redis.Nodes.Add($"{redis.Name}-{redis.Servers.Count + 1}", master, watch: null));
    }

    private static void Add(this IResourceBuilder<RedisSentinelResource> builder, RedisNode node)
    {
        IDistributedApplicationBuilder app = builder.ApplicationBuilder;
        IResourceBuilder<IResourceWithEndpoints> resource = app.CreateResourceBuilder(node.Resource)
            .WithParentRelationship(builder.Resource)
            .WithHealthCheck(app, cancellation => RedisHealth.OfNodeAsync(builder.Resource, node, cancellation));
        builder.Resource.Add(node);
        if (builder.Resource.Servers[0] is var first && first != node && node.Resource is IResourceWithWaitSupport waits)
        {
            // In a network of containers, its name is unknown before it is there, and a Sentinel that cannot resolve it ends.
            app.CreateResourceBuilder(waits).WaitForStart(app.CreateResourceBuilder(first.Resource));
        }
    }

    private static IResourceBuilder<T> WithHealthCheck<T>(
        this IResourceBuilder<T> builder, IDistributedApplicationBuilder app, Func<CancellationToken, Task<HealthCheckResult>> check)
        where T : IResource
    {
        string key = $"{builder.Resource.Name}-redis";
        app.Services.AddHealthChecks().AddAsyncCheck(key, check);
        return builder.WithHealthCheck(key);
    }

    /// <summary>It has no process of its own: it runs when what it consists of has addresses.</summary>
    private static async Task StartAsync(RedisSentinelResource redis, InitializeResourceEvent start, CancellationToken cancellation)
    {
        await redis.ConnectionStringExpression.GetValueAsync(cancellation).ConfigureAwait(false);
        await start.Eventing.PublishAsync(new ConnectionStringAvailableEvent(redis, start.Services), cancellation).ConfigureAwait(false);
        await start.Eventing.PublishAsync(new BeforeResourceStartedEvent(redis, start.Services), cancellation).ConfigureAwait(false);
        await start.Notifications.PublishUpdateAsync(redis, static snapshot => snapshot with
        {
            State = KnownResourceStates.Running,
            StartTimeStamp = TimeProvider.System.GetUtcNow().UtcDateTime,
        }).ConfigureAwait(false);
    }

#pragma warning disable ASPIREDOTNETTOOL // If it changes, the compiler says so; applications do not see it.
    private static IResourceBuilder<DotnetToolResource> AddTool(IDistributedApplicationBuilder app, string name) =>
        app.AddDotnetTool(name, ToolPackage).WithToolVersion(ToolVersion);
#pragma warning restore ASPIREDOTNETTOOL

    private static string ToolVersion => typeof(RedisSentinelResource).Assembly.GetName().Version!.ToString(fieldCount: 3);

    [GeneratedRegex("^[A-Za-z0-9._-]+$")]
    private static partial Regex MasterNames { get; }
}
