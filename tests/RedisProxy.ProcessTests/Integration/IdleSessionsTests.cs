using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>Thousands of sessions that went idle together, whose keepalive probes are due together.</summary>
[Collection(HeavyLoad.Tests)]
[Trait("Tier", "Long")]
public sealed class IdleSessionsTests
{
    private const int Sessions = 7000;

    /// <summary>Past the last probe that could have been the first, and the two that follow a lost one.</summary>
    private static readonly TimeSpan AllProbes = TimeSpan.FromSeconds(100);

    [Fact]
    public async Task Sessions_IdleUntilAllWereProbed_KeepTheirConnections()
    {
        await using RedisServer redis = await RedisServer.StartAsync(new RedisServerOptions { Lines = ["maxclients 15000"] });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(redis));
        List<RawClient> clients = [];
        try
        {
            for (int i = 0; i < Sessions; i++)
            {
                clients.Add(await proxy.ConnectAsync());
                Assert.Equal("PONG", (await clients[i].CallAsync("PING")).Text);
            }

            double links = await LinksAsync();
            await Task.Delay(AllProbes, TimeProvider.System);

            Assert.Equal((Sessions, Sessions), (links, await LinksAsync()));
            foreach (RawClient client in clients)
            {
                Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
            }
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }

        // That were ever opened.
        async Task<double> LinksAsync() => (await proxy.ScrapeAsync()).Value("redisproxy_retargets_total", ("result", "done"));
    }
}
