using System.Text.RegularExpressions;

using RedisProxy.Configuration;

namespace RedisProxy.Tests.Configuration;

/// <summary>The example that users start from must not rot, nor what is commented out in it.</summary>
public sealed partial class ExampleFileTests
{
    private static readonly ProxyOptions Smallest =
        Configured.Good(Configured.Read($"{{ {Configured.Listeners}, {Configured.Sentinel} }}"));

    /// <summary>All keys.</summary>
    public static IReadOnlyList<string> Keys { get; } =
    [
        "listeners", "name", "bind", "master", "maxSessions", "pubsub", "sentinel", "endpoints", "username", "passwordFile",
        "pollInterval", "requireMajority", "addressMap", "allowedNetworks", "backend", "endpoint", "connectTimeout",
        "keepAlive", "time", "interval", "retries", "userTimeout", "maxConcurrentConnects", "client", "hold", "timeout",
        "maxOutage", "planned", "plannedTimeout", "replay", "maxBytesPerSession", "reads", "blocking", "onUnknownOutcome",
        "onUnknownBlocking", "notExecutedCode", "admin", "shutdown", "drainTimeout", "minDelay", "loops", "count", "maxBufferMemory",
        "maxSessionsPerAddress", "authenticationTimeout", "proxyProtocol", "users", "backendUser", "otlp", "audit", "protocol",
        "headersFile", "role", "maxLagBytes", "maxLagSeconds", "fallback", "slowStart", "weights",
        "headersFile", "roles", "replica", "config", "masters", "rewrite", "dryRun",
        "sentinelFacade", "advertise", "maxConnections",
        "notify", "events", "startedAfter", "rateLimit", "burst", "webhook", "urlFile", "secretFile",
        "maxAttempts", "command", "path", "args", "role",
    ];

    [Fact]
    public void Example_AsItIs_IsTheSmallestConfiguration() => AssertSameAsSmallest(File.ReadAllText(ExamplePath()));

    [Fact]
    public void Example_WithEverythingInIt_SetsTheDefaults() =>
        AssertSameAsSmallest(CommentedOut().Replace(File.ReadAllText(ExamplePath()), ""));

    [Fact]
    public void Example_WithEverythingInIt_HasEveryKey()
    {
        string text = File.ReadAllText(ExamplePath());

        Assert.All(Keys, key => Assert.Contains($"\"{key}\":", text, StringComparison.Ordinal));
    }

    /// <summary>In the example, slashes without a blank behind them stand before a default, others before prose.</summary>
    [GeneratedRegex("""//(?=["}])""")]
    private static partial Regex CommentedOut();

    private static void AssertSameAsSmallest(string json)
    {
        ProxyOptions options = Configured.Good(Configured.Read(json));

        // Lists and maps are equal by reference only, so they are compared on their own.
        Assert.Equal(Smallest.Listeners, options.Listeners);
        Assert.Equal(Smallest.Sentinel!.Endpoints, options.Sentinel!.Endpoints);
        Assert.Equal(Smallest.Sentinel.AddressMap, options.Sentinel.AddressMap);
        Assert.Equal(Smallest.Sentinel.AllowedNetworks, options.Sentinel.AllowedNetworks);
        SentinelOptions sentinel = options.Sentinel with
        {
            Endpoints = Smallest.Sentinel.Endpoints,
            AddressMap = Smallest.Sentinel.AddressMap,
            AllowedNetworks = Smallest.Sentinel.AllowedNetworks,
        };
        Assert.Equal(Smallest, options with { Listeners = Smallest.Listeners, Sentinel = sentinel });
    }

    private static string ExamplePath()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Proxy.sln")))
        {
            directory = directory.Parent;
        }

        Assert.NotNull(directory);
        return Path.Combine(directory.FullName, "proxy.json");
    }
}
