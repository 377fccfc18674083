using RedisProxy.Testing;

namespace RedisProxy.Load;

/// <summary>What all measures share: what was asked for, one redis-server, and the targets that stand in front of it.</summary>
internal sealed class Bench(LoadOptions options, RedisServer redis) : IAsyncDisposable
{
    // For ten thousand sessions with a connection each, and those who look.
    private const string MaxClients = "12000";

    private readonly List<Target> _targets = [];

    public LoadOptions Options => options;

    public RedisServer Redis => redis;

    /// <summary>Those that run, asked for by now.</summary>
    public IReadOnlyList<Target> Started => _targets;

    public static async Task<Bench> StartAsync(LoadOptions options) =>
        new(options, await RedisServer.StartAsync(new RedisServerOptions { Lines = [$"maxclients {MaxClients}"] }));

    /// <summary>Those that were asked for. Started when first used, and the same for all measures that load them.</summary>
    public async Task<IReadOnlyList<Target>> TargetsAsync()
    {
        foreach (string key in options.Targets.Distinct().Where(key => _targets.TrueForAll(t => t.Key != key)))
        {
            _targets.Add(await Target.StartAsync(key, redis));
        }

        return _targets;
    }

    /// <summary>Progress. Standard output is for the result.</summary>
    public static Task SayAsync(string text) => Console.Error.WriteLineAsync(text);

    public async ValueTask DisposeAsync()
    {
        foreach (Target target in _targets)
        {
            await target.DisposeAsync();
        }

        await redis.DisposeAsync();
    }
}
