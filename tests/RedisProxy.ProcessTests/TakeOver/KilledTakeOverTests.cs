using System.Diagnostics;

using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.TakeOver;

/// <summary>
/// One of the two processes dies while sessions are under way from one to the other. A connection may end with it. But none is ever served
/// by both, which an increment that runs twice or a reply that is another's would show.
/// </summary>
public sealed class KilledTakeOverTests(ITestOutputHelper output)
{
    private const int Sessions = 150;

    [EpollFact("passes connections on")]
    public Task EitherProcess_KilledAtSomeMoment_LeavesEachSessionOneOwnerOrNone() => KillAsync(moments: 3);

    [EpollFact("passes connections on")]
    [Trait("Tier", "Long")]
    public Task EitherProcess_KilledAtManyMoments_LeavesEachSessionOneOwnerOrNone() => KillAsync(moments: 40);

    private async Task KillAsync(int moments)
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("REDISPROXY_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        output.WriteLine($"REDISPROXY_TEST_SEED={seed}");
        var random = new Random(seed);
        await using RedisServer server = await RedisServer.StartAsync();
        ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(server));
        await using var load = new SteadyLoad(proxy.Port, Sessions, depth: 4, connectsAgain: true);
        for (int i = 0; i < moments; i++)
        {
            await load.SomeRepliesAsync(5000);
            int closed = load.Closed;
            ProxyProcess successor = await proxy.StartSuccessorAsync("--take-over");
            int moved = random.Next(Sessions + 20);
            await MovedAsync(successor, moved);
            bool isOldKilled = random.Next(2) == 0;
            (ProxyProcess killed, ProxyProcess left) = isOldKilled ? (proxy, successor) : (successor, proxy);
            await killed.KillAsync();
            await killed.DisposeAsync();
            proxy = left;
            await load.SomeRepliesAsync(5000);
            output.WriteLine($"{(isOldKilled ? "old" : "new")} one killed after some {moved} had moved: {load.Closed - closed} closed");
        }

        await load.StopAsync();
        Assert.Empty(load.Faults);
        Assert.DoesNotContain("bug in this program", proxy.Process.LogTail, StringComparison.Ordinal);
        await proxy.DisposeAsync();
    }

    /// <summary>By the descriptors of the process, which changes nothing. If there are more than ever move, it is a while later.</summary>
    private static async Task MovedAsync(ProxyProcess successor, int sessions)
    {
        int before = Count();
        long began = Stopwatch.GetTimestamp();
        while (Count() < before + (2 * sessions) && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(3))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        int Count() => Directory.GetFiles($"/proc/{successor.Process.Id}/fd").Length;
    }
}
