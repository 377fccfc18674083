using System.Text.Json.Nodes;

namespace RedisProxy.Testing;

/// <summary>One entry of <c>listeners[]</c>.</summary>
public sealed record ProxyListener
{
    /// <summary>Default: the master's name, or <c>default</c> without Sentinel.</summary>
    public string? Name { get; init; }

    /// <summary>Null: without Sentinel, the single backend.</summary>
    public string? Master { get; init; }

    /// <summary>Null: a free port of the proxy's host, chosen by the harness, which waits for it and exposes it.</summary>
    public string? Bind { get; init; }

    /// <summary>Further keys, such as <c>maxSessions</c>.</summary>
    public IReadOnlyDictionary<string, JsonNode?> Settings { get; init; } = new Dictionary<string, JsonNode?>();
}

/// <summary>How a proxy is started. Addresses of listeners and of the admin surface are chosen; the rest is the proxy's default.</summary>
public sealed record ProxyProcessOptions
{
    /// <summary>Empty: without Sentinel.</summary>
    public IReadOnlyList<string> SentinelEndpoints { get; init; } = [];

    /// <summary>One server instead of Sentinels.</summary>
    public string? BackendEndpoint { get; init; }

    public IReadOnlyList<ProxyListener> Listeners { get; init; } = [new()];

    /// <summary>Any other key by its path, such as <c>hold.timeout</c>: <c>"1s"</c>. Overrides what is generated.</summary>
    public IReadOnlyDictionary<string, JsonNode?> Settings { get; init; } = new Dictionary<string, JsonNode?>();

    /// <summary>Added to this process's own environment, without the variables that configure a proxy.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>();

    /// <summary>Appended after the path of the configuration.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Default: <see cref="ProxyProgram.Find"/>.</summary>
    public string? Program { get; init; }

    public ProcessHost Host { get; init; } = ProcessHost.Local;

    public TimeSpan StartWithin { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>One listener in front of this deployment.</summary>
    public static ProxyProcessOptions For(SentinelDeployment deployment) => new()
    {
        SentinelEndpoints = deployment.SentinelEndpoints,
        Listeners = [new ProxyListener { Master = deployment.MasterName }],
    };

    /// <summary>One listener in front of this server.</summary>
    public static ProxyProcessOptions For(RedisServer server) => new() { BackendEndpoint = server.Endpoint };

    /// <summary>The same options with one more setting.</summary>
    public ProxyProcessOptions With(string path, JsonNode? value) =>
        this with { Settings = new Dictionary<string, JsonNode?>(Settings) { [path] = value } };
}
