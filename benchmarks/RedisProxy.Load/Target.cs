using System.Text.Json.Nodes;

using RedisProxy.Load.Peers;
using RedisProxy.Testing;

namespace RedisProxy.Load;

/// <summary>One way to the redis-server: a port, and the process that forwards (none when it is redis itself).</summary>
internal sealed class Target : IAsyncDisposable
{
    public const string DirectKey = "direct";
    public const string HaproxyKey = "haproxy";
    public const string NginxKey = "nginx";
    public const string FloorKey = "floor";
    public const string SharedFloorKey = "shared-floor";
    public const string ProxyKey = "proxy";
    public const string PipelinesKey = "pipelines";
    public const string NutcrackerKey = "nutcracker";
    public const string SharedKey = "shared";

    private readonly IAsyncDisposable? _owner;

    private Target(string key, string name, int port, ChildProcess? forwarder, IAsyncDisposable? owner)
    {
        Key = key;
        Name = name;
        Port = port;
        Forwarder = forwarder;
        _owner = owner;
    }

    public static IReadOnlyList<string> Keys { get; } =
        [DirectKey, HaproxyKey, NginxKey, FloorKey, ProxyKey, PipelinesKey, NutcrackerKey, SharedFloorKey, SharedKey];

    /// <summary>All but those that do another job, and the one that is not for production.</summary>
    public static IReadOnlyList<string> DefaultKeys { get; } = [.. Keys.Where(key => key != PipelinesKey && !Shares(key))];

    /// <summary>Those that show what sharing gains and costs.</summary>
    public static IReadOnlyList<string> MultiplexKeys { get; } =
        [DirectKey, HaproxyKey, ProxyKey, SharedKey, SharedFloorKey, NutcrackerKey];

    public string Key { get; }

    public string Name { get; }

    public int Port { get; }

    public ChildProcess? Forwarder { get; }

    /// <summary>Its clients share a connection to redis.</summary>
    public static bool Shares(string key) => key is NutcrackerKey or SharedFloorKey or SharedKey;

    /// <param name="key">One of <see cref="Keys"/>.</param>
    /// <param name="redis">Where it leads.</param>
    /// <param name="maxConnections">Of clients, where a target wants to know that beforehand.</param>
    public static async Task<Target> StartAsync(string key, RedisServer redis, int maxConnections = 4096) => key switch
    {
        DirectKey => new Target(key, "direct", redis.Port, null, null),
        HaproxyKey => Of(key, "HAProxy", await Haproxy.StartAsync(redis, maxConnections)),
        NginxKey => Of(key, "nginx", await Nginx.StartAsync(redis, maxConnections)),
        FloorKey => Of(key, "floor", await Floor.StartAsync(redis)),
        SharedFloorKey => Of(key, "floor of sharing", await Floor.StartSharedAsync(redis)),
        NutcrackerKey => Of(key, "nutcracker", await Nutcracker.StartAsync(redis)),
        ProxyKey => Of(key, await StartProxyAsync(redis, 1)),
        PipelinesKey => await StartAsync(key, "RedisProxy, pipelines", ProxyProcessOptions.For(redis).With("loops.transport", "pipelines")),
        SharedKey => await StartAsync(key, "RedisProxy, shared links", SharingOf(redis)),
        _ => throw new ArgumentOutOfRangeException(nameof(key), key, "No such target."),
    };

    /// <summary>RedisProxy with that many loops.</summary>
    public static Task<ProxyProcess> StartProxyAsync(RedisServer redis, int loops) =>
        ProxyProcess.StartAsync(ProxyProcessOptions.For(redis).With("loops.count", JsonValue.Create(loops)));

    private static ProxyProcessOptions SharingOf(RedisServer redis) => ProxyProcessOptions.For(redis) with
    {
        Listeners =
        [
            new ProxyListener
            {
                Settings = new Dictionary<string, JsonNode?> { ["multiplex"] = new JsonObject { ["links"] = 1 } },
            },
        ],
    };

    private static async Task<Target> StartAsync(string key, string name, ProxyProcessOptions options)
    {
        ProxyProcess proxy = await ProxyProcess.StartAsync(options.With("loops.count", JsonValue.Create(1)));
        return new Target(key, name, proxy.Port, proxy.Process, proxy);
    }

    public static Target Of(string key, ProxyProcess proxy) => new(key, "RedisProxy", proxy.Port, proxy.Process, proxy);

    private static Target Of(string key, string name, Peer peer) => new(key, name, peer.Port, peer.Process, peer);

    public ValueTask DisposeAsync() => _owner?.DisposeAsync() ?? ValueTask.CompletedTask;
}
