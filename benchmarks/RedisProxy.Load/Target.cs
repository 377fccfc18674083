using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.Load;

/// <summary>One way to the redis-server: a port, and the process that forwards (none when it is redis itself).</summary>
internal sealed class Target : IAsyncDisposable
{
    public const string DirectKey = "direct";
    public const string HaproxyKey = "haproxy";
    public const string ProxyKey = "proxy";

    private readonly IAsyncDisposable? _owner;

    private Target(string key, string name, int port, ChildProcess? forwarder, IAsyncDisposable? owner)
    {
        Key = key;
        Name = name;
        Port = port;
        Forwarder = forwarder;
        _owner = owner;
    }

    public static IReadOnlyList<string> Keys { get; } = [DirectKey, HaproxyKey, ProxyKey];

    public string Key { get; }

    public string Name { get; }

    public int Port { get; }

    public ChildProcess? Forwarder { get; }

    public static async Task<Target> StartAsync(string key, RedisServer redis)
    {
        switch (key)
        {
            case HaproxyKey:
                HaproxyServer haproxy = await HaproxyServer.StartAsync(redis);
                return new Target(key, "HAProxy", haproxy.Port, haproxy.Process, haproxy);
            case ProxyKey:
                ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(redis).With("loops.count", JsonValue.Create(1)));
                return new Target(key, "RedisProxy", proxy.Port, proxy.Process, proxy);
            default:
                return new Target(key, "direct", redis.Port, null, null);
        }
    }

    public ValueTask DisposeAsync() => _owner?.DisposeAsync() ?? ValueTask.CompletedTask;
}
