using System.Text.Json.Nodes;

using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Clients;

/// <summary>What it does for applications that their client is told of failovers, and of the end of a proxy.</summary>
[Collection(HeavyLoad.Tests)]
public sealed class HandoffClientTests(ITestOutputHelper output)
{
    private const int MaxShown = 60;
    private const string Token = "token-of-the-operator";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    [Fact]
    public Task Clients_AcrossFailovers_GiveUpUnlessTheyAreTold() => FailOverAsync(planned: 1, killed: 1);

    [Fact]
    [Trait("Tier", "Long")]
    public Task Clients_AcrossFortyFailovers_GiveUpUnlessTheyAreTold() => FailOverAsync(planned: 20, killed: 20);

    [EpollFact("steers connections")]
    public async Task RollingRestart_IsNotNoticedByWhoIsTold()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        ProxyProcess proxy = await ProxyProcess.StartAsync(WithHandoffs(ProxyProcessOptions.For(server)));
        await using var clients = new HandoffClients();
        await clients.StartAsync(proxy.Port, server);
        for (int i = 0; i < 2; i++)
        {
            ProxyProcess successor = await proxy.StartSuccessorAsync("--take-over");
            Assert.Equal(0, await proxy.StopAsync());
            await proxy.DisposeAsync();
            proxy = successor;
            await clients.ProgressAsync();
        }

        Report(clients);
        string[][] complaints = [.. clients.Asking.Select(cell => HandoffClients.ComplaintsOf(cell, mayMove: true))];
        await proxy.DisposeAsync();
        Assert.All(complaints, Assert.Empty);
    }

    [Fact]
    public async Task Drain_SendsClientsToTheOtherProxy()
    {
        await using RedisServer server = await RedisServer.StartAsync();
        await using ProxyProcess other = await ProxyProcess.StartAsync(WithHandoffs(ProxyProcessOptions.For(server)));
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            WithHandoffs(ProxyProcessOptions.For(server), address: $"127.0.0.1:{other.Port}"));
        await using var clients = new HandoffClients();
        await clients.StartAsync(proxy.Port, server);
        Assert.Equal(clients.Asking.Count, (await proxy.ScrapeAsync()).Sum("redisproxy_handoff_sessions"));
        using var drain = new HttpRequestMessage(HttpMethod.Post, new Uri("drain", UriKind.Relative));
        drain.Headers.Authorization = new("Bearer", Token);
        (await proxy.Http.SendAsync(drain)).EnsureSuccessStatusCode();
        await Eventually.Within(
            Patience,
            async () => (await other.ScrapeAsync()).Sum("redisproxy_handoff_sessions"),
            found => found >= clients.Asking.Count,
            "the clients are at the other proxy");
        await HandoffClients.ProgressAsync(clients.Asking);
        Report(clients);
        Assert.All(clients.Asking, cell => Assert.Empty(HandoffClients.ComplaintsOf(cell, mayMove: true)));
        MetricsSnapshot metrics = await proxy.ScrapeAsync();
        Assert.Equal(clients.Asking.Count, metrics.Sum("redisproxy_handoffs_total", ("event", "moving")));
        Assert.Equal(0, metrics.Sum("redisproxy_handoff_sessions"));
    }

    /// <summary>Each client that asks is an error in the statistics of a server that does not know the command.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Server_IsAskedOnlyWithoutHandoffs(bool handoffs)
    {
        await using RedisServer server = await RedisServer.StartAsync();
        ProxyProcessOptions options = ProxyProcessOptions.For(server);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(handoffs ? WithHandoffs(options) : options);
        using RawClient client = await proxy.ConnectAsync();
        await client.CallAsync("HELLO", "3");
        RawReply reply = await client.CallAsync("CLIENT", "MAINT_NOTIFICATIONS", "ON", "moving-endpoint-type", "external-ip");
        Assert.Equal(handoffs, reply.Text == "OK");
        Assert.Equal(!handoffs, (await server.InfoAsync("errorstats")).ContainsKey("errorstat_ERR"));
    }

    private async Task FailOverAsync(int planned, int killed)
    {
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(WithHandoffs(ProxyProcessOptions.For(deployment)));
        await using var clients = new HandoffClients();
        await clients.StartAsync(proxy.Port, deployment.Servers[0]);
        for (int i = 0; i < planned + killed; i++)
        {
            RedisServer old = await deployment.WaitForMasterAsync(null, Patience);
            if (i < planned)
            {
                await deployment.FailoverAsync();
                await deployment.WaitForMasterAsync(old, Patience);
            }
            else
            {
                await old.KillAsync();
                await deployment.WaitForMasterAsync(old, Patience);
                await old.RestartAsync(keepData: true);
            }

            await deployment.WaitUntilHealthyAsync(Patience);
            await clients.ProgressAsync();
        }

        Report(clients);
        Assert.All(clients.Asking, cell => Assert.Empty(HandoffClients.ComplaintsOf(cell)));
        Assert.All(clients.NotAsking, cell => Assert.NotEmpty(HandoffClients.ComplaintsOf(cell)));
    }

    private void Report(HandoffClients clients)
    {
        foreach (ClientCell cell in clients.All)
        {
            string[] complaints = HandoffClients.ComplaintsOf(cell);
            output.WriteLine($"{cell.Version}, {cell.Key}: {complaints.Length} complaints");
            foreach (IGrouping<string, string> alike in complaints.GroupBy(text => text.Length > MaxShown ? text[..MaxShown] : text))
            {
                output.WriteLine($"  {alike.Count()} × {alike.Key}");
            }
        }
    }

    private static ProxyProcessOptions WithHandoffs(ProxyProcessOptions options, string? address = null)
    {
        var settings = new Dictionary<string, JsonNode?> { ["handoffs"] = true };
        if (address is not null)
        {
            settings["handoffAddress"] = address;
        }

        return options.With("shutdown.drainTimeout", "8s").With("admin.token", Token) with
        {
            Listeners = [.. options.Listeners.Select(listener => listener with { Settings = settings })],
        };
    }
}
