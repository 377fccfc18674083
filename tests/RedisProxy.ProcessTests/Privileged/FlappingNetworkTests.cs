using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Privileged;

/// <summary>
/// Between the proxy and everything else lies a firewall that forgets quiet flows, and a cable that fails and comes back all the time.
/// Neither costs a session, and neither leaves connections behind on the Sentinels, which have few to give.
/// </summary>
[Trait("Tier", "Privileged")]
public sealed class FlappingNetworkTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Sessions = 20;
    private const int Flaps = 200;

    private static readonly TimeSpan ForgottenAfter = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly List<RawClient> _clients = [];
    private NetworkLab _lab = null!;
    private SentinelDeployment _deployment = null!;
    private ProxyProcess _proxy = null!;

    private string ProxyAddress => _lab.Hosts[1].Address;

    public async ValueTask InitializeAsync()
    {
        _lab = await NetworkLab.CreateAsync(hosts: 2);
        ProcessHost servers = _lab.Hosts[0];
        _deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            Replicas = 1,
            ServerHosts = [servers, servers],
            SentinelHosts = [servers, servers, servers],
        });
        await _lab.ForgetIdleFlowsAsync(ForgottenAfter);
        _proxy = await ProxyProcess.StartAsync((ProxyProcessOptions.For(_deployment) with { Host = _lab.Hosts[1] })
            .With("client.keepAlive.time", "1s")
            .With("client.keepAlive.interval", "1s")
            .With("backend.keepAlive.time", "1s")
            .With("backend.keepAlive.interval", "1s"));
        for (int i = 0; i < Sessions; i++)
        {
            _clients.Add(await _proxy.ConnectAsync());
        }
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }

        if (_deployment is not null)
        {
            await _deployment.DisposeAsync();
        }

        await _lab.DisposeAsync();
    }

    [Fact]
    public async Task Privileged_FirewallThatForgetsQuietFlows_CutsNeitherSessionsNorLinksToSentinels()
    {
        long[] backends = await BackendsAsync();
        string[] links = await LinksAsync();
        Assert.Equal(_deployment.Sentinels.Count, links.Length);
        for (int i = 0; i < 2; i++)
        {
            using RawClient direct = await _deployment.Servers[0].ConnectAsync();
            int port = ((System.Net.IPEndPoint)direct.Socket.LocalEndPoint!).Port;
            await direct.CallAsync("PING");
            Assert.True(await _lab.KnowsFlowAsync(port), "the firewall does not know a new flow");
            await Eventually.Within(Patience, async () => !await _lab.KnowsFlowAsync(port), "the firewall forgets what is quiet");
        }

        Assert.Equal(backends, await BackendsAsync());
        Assert.Equal(links, await LinksAsync());
    }

    [Fact]
    public async Task Privileged_NetworkThatFlaps_LeavesOneLinkToEachSentinelAndAllSessions()
    {
        int most = 0;
        for (int i = 1; i <= Flaps; i++)
        {
            await _lab.CutAsync([ProxyAddress], [_lab.Hosts[0].Address]);
            await _lab.HealAsync();
            if (i % 20 == 0)
            {
                most = Math.Max(most, (await LinksAsync()).Length);
            }
        }

        string[] links = [];
        await Eventually.Within(
            Patience,
            async () => (links = await LinksAsync()).Length == _deployment.Sentinels.Count,
            "the proxy has one link to each Sentinel");
        output.WriteLine($"{Flaps} flaps, at most {most} links to {_deployment.Sentinels.Count} Sentinels, {links.Length} afterwards");
        Assert.Equal(_deployment.Sentinels.Select(sentinel => sentinel.Name), links.Select(link => link.Split(' ')[0]));
        Assert.InRange(most, 1, 2 * _deployment.Sentinels.Count);

        // Over the connections that they have had from the beginning; behind the proxy they may have got others.
        Assert.Equal(Sessions, (await BackendsAsync()).Distinct().Count());
    }

    /// <summary>Each session's connection to the master, as that one numbers them.</summary>
    private async Task<long[]> BackendsAsync()
    {
        var backends = new List<long>();
        foreach (RawClient client in _clients)
        {
            client.Timeout = Patience;
            backends.Add((await client.CallAsync("CLIENT", "ID")).Number);
        }

        return [.. backends];
    }

    /// <summary>The proxy's connections, as the Sentinels list them: the Sentinel's name, and its number of the connection.</summary>
    private async Task<string[]> LinksAsync()
    {
        var links = new List<string>();
        foreach (SentinelServer sentinel in _deployment.Sentinels)
        {
            string list = (await sentinel.CallAsync("CLIENT", "LIST")).Text!;
            links.AddRange(list.Split('\n')
                .Where(line => line.Contains($" addr={ProxyAddress}:", StringComparison.Ordinal))
                .Select(line => $"{sentinel.Name} {line.Split(' ')[0]}"));
        }

        return [.. links];
    }
}
