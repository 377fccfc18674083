using System.Globalization;

using RedisProxy.Testing;

namespace RedisProxy.Load.Measures;

/// <summary>How many connections redis has from one target: all that it reports, and not the one that asks.</summary>
internal sealed class BackendConnections : IDisposable
{
    // Some looks for a run; each costs redis some tens of microseconds.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly RedisServer _redis;
    private readonly RawClient _asker;
    private int _most = 1;

    private BackendConnections(RedisServer redis, RawClient asker)
    {
        _redis = redis;
        _asker = asker;
    }

    public static async Task<BackendConnections> OpenAsync(RedisServer redis) => new(redis, await redis.ConnectAsync());

    public async Task LookAsync()
    {
        const string Field = "connected_clients:";
        string info = (await _asker.CallAsync("INFO", "clients")).Text ?? "";
        string line = info.Split("\r\n").First(l => l.StartsWith(Field, StringComparison.Ordinal));
        _most = Math.Max(_most, int.Parse(line[Field.Length..], CultureInfo.InvariantCulture));
    }

    /// <summary>Looks at intervals until the load is over.</summary>
    public async Task WatchAsync(Task load)
    {
        while (await Task.WhenAny(load, Task.Delay(Interval, TimeProvider.System)) != load)
        {
            await LookAsync();
        }
    }

    /// <summary>The most of all looks.</summary>
    /// <param name="others">Further targets that run. They have had no clients meanwhile, and some keep connections all the same.</param>
    public int Most(IEnumerable<Target> others)
    {
        int kept = others.Select(target => target.Forwarder).OfType<ChildProcess>()
            .Sum(process => ProcessSockets.CountTo(process.Id, _redis.Port));
        return Math.Max(0, _most - 1 - kept);
    }

    public void Dispose() => _asker.Dispose();
}
