using System.Globalization;
using System.Text;

using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.DependencyInjection;

namespace RedisProxy.ProcessTests.Clients.DotNet;

/// <summary>An application's IDistributedCache in Redis: what it holds, and its one multiplexer, live through failovers.</summary>
public sealed class DistributedCacheTests(ITestOutputHelper output)
{
    private const int Callers = 4;
    private const string Name = "cache";

    // As for web sessions: reading an item prolongs its life.
    private static readonly DistributedCacheEntryOptions Sliding = new() { SlidingExpiration = TimeSpan.FromMinutes(20) };

    [Fact]
    public async Task Cache_ThroughAPlannedFailoverAndAKill_HoldsWhatItWasGivenOverOneMultiplexer()
    {
        await using ApplicationStage stage = await ApplicationStage.StartAsync();
        int made = 0;
        await using ServiceProvider services = new ServiceCollection()
            .AddStackExchangeRedisCache(options => options.ConnectionMultiplexerFactory = async () =>
            {
                made++;
                return await stage.ConnectAsync(Name, "configChannel=");
            })
            .BuildServiceProvider();
        IDistributedCache cache = services.GetRequiredService<IDistributedCache>();
        await cache.SetAsync("first", "of all"u8.ToArray(), Sliding);
        IReadOnlySet<long> sessions = await stage.SessionsAsync(Name);
        await using var calls = new RepeatedCalls(Callers, (caller, n) => SetAndGetAsync(cache, Key(caller, n)));

        Assert.Empty(await calls.ThroughAsync(output, "cache, planned failover", stage.FailOverAsync));
        Assert.Equal(0, await LostAsync(cache, calls));
        IReadOnlyList<string> errors =
            await calls.ThroughAsync(output, "cache, master killed", () => stage.KillMasterAsync(calls));
        calls.AssertToldUnknownOfWhatWasInFlight(errors);

        // Something was in flight. The callers go in step after a failover, so that all of it may have been reads, which are sent again.
        double resent = (await stage.Proxy.ScrapeAsync()).Sum("redisproxy_requests_resent_total");
        Assert.True(errors.Contains(RepeatedCalls.Unknown) || resent > 0, "no call was in flight when the master was killed");
        await calls.StopAsync();

        // What each caller had set last before the kill may be what the master told its replicas nothing of.
        Assert.InRange(await LostAsync(cache, calls), 0, Callers);
        Assert.Equal("of all", Encoding.UTF8.GetString((await cache.GetAsync("first"))!));
        Assert.Single(sessions);
        Assert.Equal(sessions, await stage.SessionsAsync(Name));
        Assert.Equal(1, made);
    }

    private static string Key(int caller, long n) => string.Create(CultureInfo.InvariantCulture, $"item:{caller}:{n}");

    private static async Task SetAndGetAsync(IDistributedCache cache, string key)
    {
        await cache.SetAsync(key, Encoding.UTF8.GetBytes(key), Sliding);
        byte[]? got = await cache.GetAsync(key);
        if (got is null || Encoding.UTF8.GetString(got) != key)
        {
            throw new InvalidOperationException($"{key}: {(got is null ? "nothing" : Encoding.UTF8.GetString(got))}");
        }
    }

    private static async Task<int> LostAsync(IDistributedCache cache, RepeatedCalls calls)
    {
        string[] keys =
        [
            .. Enumerable.Range(0, calls.Callers).SelectMany(caller => calls.Acknowledged(caller).Select(n => Key(caller, n))),
        ];
        byte[]?[] items = await Task.WhenAll(keys.Select(key => cache.GetAsync(key)));
        Assert.All(keys.Zip(items), item => Assert.True(item.Second is null || Encoding.UTF8.GetString(item.Second) == item.First));
        return items.Count(item => item is null);
    }
}
