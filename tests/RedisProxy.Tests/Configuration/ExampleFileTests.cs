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

    /// <summary>Also where it is an example for something else, such as a receiver's rate limit, and nothing reads it.</summary>
    [Fact]
    public void Example_WhereverItShowsAValueWithADefault_ShowsTheDeclaredOne()
    {
        ILookup<string, string> defaults = DeclaredKeys.All
            .Where(key => key.Default is not (null or "true" or "false") && (key.Range is not null || key.Choices.Count > 0))
            .ToLookup(key => key.Path.Split('.')[^1], key => Canonical(key.Default!));
        Match[] shown = [.. Shown().Matches(File.ReadAllText(ExamplePath()))
            .Where(match => defaults[match.Groups["key"].Value].Distinct().Count() == 1)];
        Assert.True(shown.Length > 25, "values are found");
        Assert.All(shown, match => Assert.Equal(
            (match.Value, defaults[match.Groups["key"].Value].First()), (match.Value, Canonical(match.Groups["value"].Value))));
    }

    /// <summary>1m and 60s are one.</summary>
    private static string Canonical(string value) =>
        char.IsAsciiLetter(value[^1]) && DurationText.TryParse(value, out TimeSpan duration) ? DurationText.Format(duration) : value;

    [GeneratedRegex("""
        "(?<key>\w+)": "?(?<value>[^",{}\[\]\s]+)
        """)]
    private static partial Regex Shown();

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
