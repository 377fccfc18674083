using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>Many clients that each keep to the limits, and together do not.</summary>
[Collection(HeavyLoad.Tests)]
public sealed class MemoryBudgetTests
{
    private const int Clients = 400;
    private const int BytesEach = 60 * 1024;

    [Fact]
    public async Task Buffers_BeyondTheBudget_CostTheLargestSessionsAndNotTheSmall()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(server).With("loops.maxBufferMemory", "16MiB").With("loops.count", 1).With("hold.timeout", "30s"));
        using RawClient small = await proxy.ConnectAsync();
        Assert.Equal("PONG", (await small.CallAsync("PING")).Text);
        var large = new List<RawClient>();
        try
        {
            server.Freeze();
            for (int i = 0; i < Clients; i++)
            {
                RawClient client = await proxy.ConnectAsync();
                large.Add(client);
                await client.SendAsync(RawClient.Command("SET", $"k{i}", new string('x', BytesEach)));
            }

            await Eventually.Within(
                TimeSpan.FromSeconds(20),
                async () => (await proxy.ScrapeAsync()).Sum("redisproxy_sessions_ended_total", ("reason", "memory_shed")) > 0,
                "sessions are shed");
            server.Thaw();
            Assert.Equal("PONG", (await small.CallAsync("PING")).Text);
            MetricsSnapshot metrics = await proxy.ScrapeAsync();
            double shed = metrics.Sum("redisproxy_sessions_ended_total", ("reason", "memory_shed"));
            Assert.InRange(shed, 1, Clients * 3 / 5);
            Assert.Contains("that hold most are reset", proxy.Process.LogTail, StringComparison.Ordinal);
        }
        finally
        {
            large.ForEach(client => client.Dispose());
        }
    }
}
