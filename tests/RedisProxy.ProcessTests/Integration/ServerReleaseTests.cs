using System.Text.Json.Nodes;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>
/// The main job with the servers of other releases, as far as <c>tests/servers.sh</c> has fetched them. <c>./test.sh --servers</c> runs far
/// more with each.
/// </summary>
public sealed class ServerReleaseTests
{
    private static readonly TimeSpan Patience = FailoverFixture.Patience;

    /// <summary>With <c>--servers</c>, the one that is asked for; else what this system has, and those two.</summary>
    public static TheoryData<string> Releases => ServerRelease.Default.IsInstalled
        ? [ServerRelease.Default.Name, .. new[] { "redis-8.0", "valkey-9.1" }.Where(name => ServerRelease.Find(name) is not null)]
        : [ServerRelease.Default.Name];

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Failovers_PlannedThenOnDemandThenByKill_LoseNothingAndKeepEveryConnection(string name)
    {
        ServerRelease release = ServerRelease.Find(name) ?? ServerRelease.Default;
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            Server = new RedisServerOptions { Program = release.Server },
            SentinelProgram = release.Sentinel,
            DownAfter = TimeSpan.FromSeconds(3),
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            ProxyProcessOptions.For(deployment).With("admin.token", "secret").With("hold.timeout", "20s"));
        await using CountingWriter writers = CountingWriter.Start(proxy.Port);
        await writers.WaitForAcknowledgedAsync(100, Patience);

        RedisServer old = deployment.Servers[0];
        Assert.Equal($"{old.Process.Id}", (await old.InfoAsync("server"))["process_id"]);
        await deployment.FailoverAsync();
        old = await NextMasterAsync(deployment, writers, old);
        int planned = writers.Count(WriteOutcome.Unknown);

        using var order = new HttpRequestMessage(HttpMethod.Post, "/failover");
        order.Headers.Authorization = new("Bearer", "secret");
        using HttpResponseMessage answer = await proxy.Http.SendAsync(order);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        old = await NextMasterAsync(deployment, writers, old);
        Assert.Equal(planned, writers.Count(WriteOutcome.Unknown));

        TimeSpan killed = writers.Now;
        await old.KillAsync();
        RedisServer master = await deployment.WaitForMasterAsync(old, Patience);
        await writers.WaitForAcknowledgedAsync(100, Patience);
        LossReport report = await writers.CompareAsync(master);
        Assert.True(report.IsHonestButForTheMoment(killed, new CountingWriterOptions().Writers), report.ToString());
        Assert.Equal(0, report.ConnectionsBroken);
    }

    /// <summary>Which of a connection's requests WAIT speaks of differs between releases.</summary>
    [Theory]
    [MemberData(nameof(Releases))]
    public async Task Wait_OfAClientThatSharesALink_CountsNoReplicaThatLacksItsWrites(string name)
    {
        ServerRelease release = ServerRelease.Find(name) ?? ServerRelease.Default;
        await using SentinelDeployment deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            Server = new RedisServerOptions { Program = release.Server },
            SentinelProgram = release.Sentinel,
            DownAfter = TimeSpan.FromSeconds(30),
        });
        var listener = new ProxyListener
        {
            Master = deployment.MasterName,
            Settings = new Dictionary<string, JsonNode?> { ["multiplex"] = new JsonObject { ["links"] = 2 } },
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(deployment) with { Listeners = [listener] });
        using RawClient first = await RawClient.ConnectAsync(proxy.Port);
        using RawClient client = await RawClient.ConnectAsync(proxy.Port);
        await first.CallAsync("SET", "k", "1");
        Assert.NotEqual("0", (await first.CallAsync("WAIT", "1", "5000")).Text);

        RedisServer[] replicas = [.. deployment.Servers.Skip(1)];
        Array.ForEach(replicas, static replica => replica.Freeze());
        await client.CallAsync("SET", "k", "2");
        Assert.Equal("0", (await client.CallAsync("WAIT", "1", "200")).Text);
        Array.ForEach(replicas, static replica => replica.Thaw());
        Assert.NotEqual("0", (await client.CallAsync("WAIT", "1", "5000")).Text);
    }

    private static async Task<RedisServer> NextMasterAsync(SentinelDeployment deployment, CountingWriter writers, RedisServer old)
    {
        RedisServer next = await deployment.WaitForMasterAsync(old, Patience);
        await deployment.WaitUntilHealthyAsync(Patience);
        await writers.WaitForAcknowledgedAsync(100, Patience);
        return next;
    }
}
