using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

public class TopologyCheckTests
{
    [Fact]
    public async Task Run_HealthyDeployment_TellsWhoIsWho()
    {
        await using var deployment = new Deployment();
        deployment.AllSay(0, epoch: 3);
        deployment.Sentinels[0].Lists(deployment.Sentinels[1], deployment.Sentinels[2]);
        deployment.Sentinels[0].Replicas.Add((deployment.Masters[1].Endpoint.Host, deployment.Masters[1].Endpoint.Port));
        deployment.With(sentinel => sentinel with { Endpoints = [deployment.Sentinels[0].Endpoint, deployment.Sentinels[1].Endpoint] });

        MasterCheck check = Assert.Single(await RunAsync(deployment));
        Assert.True(check.IsGood, $"{check}");
        Assert.Equal((deployment.Masters[0].Address, 3L), (check.Master!.Address, check.Master.Epoch));
        Assert.Equal([deployment.Masters[1].Endpoint], check.Replicas);
        Assert.Equal(deployment.Sentinels.Select(sentinel => sentinel.Endpoint), check.Opinions.Select(opinion => opinion.Sentinel));
        Assert.All(check.Opinions, opinion => Assert.True(opinion.IsConnected));
        await Eventually.TrueAsync(() => deployment.Sentinels.Sum(one => one.Server.Clients.Count) == 0);
    }

    [Fact]
    public async Task Run_MasterIsAReplica_IsNotGood()
    {
        await using var deployment = new Deployment();
        deployment.AllSay(0, epoch: 3);
        deployment.Masters[0].Role = "slave";
        MasterCheck check = Assert.Single(await RunAsync(deployment));
        Assert.False(check.IsGood);
        Assert.Equal(ProbeVerdict.NotMaster, check.Probe!.Verdict);
    }

    [Fact]
    public async Task Run_NameIsWrong_SaysWhichNamesThereAre()
    {
        await using var deployment = new Deployment(sentinels: 1);
        deployment.Sentinels[0].Say("right", ScriptedAnswer.Of(deployment.Masters[0].Address, 1));
        MasterCheck check = Assert.Single(await RunAsync(deployment));
        Assert.Null(check.Master);
        Assert.Equal("no Sentinel knows a master named 'm'; they know: right", check.Reason);
    }

    [Fact]
    public async Task Run_OneSentinelTwice_CountsOnce()
    {
        await using var deployment = new Deployment(sentinels: 2);
        deployment.Sentinels[1].Id = deployment.Sentinels[0].Id;
        deployment.Say(deployment.Sentinels[0], 0, epoch: 1);
        deployment.Say(deployment.Sentinels[1], 1, epoch: 1);
        MasterCheck check = Assert.Single(await RunAsync(deployment));
        Assert.Equal(deployment.Masters[0].Address, check.Master!.Address);
        SentinelOpinion other = check.Opinions.Single(opinion => !opinion.IsConnected);
        Assert.True(other.IsKnownOtherwise);
        Assert.Equal($"the same Sentinel as {deployment.Sentinels[0].Endpoint}", other.Error);
        Assert.False(check.Opinions.Single(opinion => opinion.IsConnected).IsKnownOtherwise);
    }

    [Fact]
    public async Task Run_NobodyAnswers_EndsInTime()
    {
        await using var deployment = new Deployment(sentinels: 2);
        deployment.Sentinels[0].Server.IsSilent = true;
        deployment.Sentinels[1].Server.Stop();
        Task<IReadOnlyList<MasterCheck>> run = RunAsync(deployment);
        await Eventually.TrueWithinAsync(deployment.Clock, () => run.IsCompleted);
        MasterCheck check = Assert.Single(await run);
        Assert.Contains("no answer", check.Reason, StringComparison.Ordinal);
        Assert.Contains("refused", check.Reason, StringComparison.Ordinal);
        deployment.Sentinels[0].Server.IsSilent = false;
    }

    [Fact]
    public async Task Run_OverallLimit_IsKept()
    {
        await using var deployment = new Deployment(sentinels: 1);
        deployment.Sentinels[0].Server.IsSilent = true;
        Task<IReadOnlyList<MasterCheck>> run = TopologyCheck.RunAsync(
            deployment.Options, deployment.Context, TimeSpan.FromSeconds(1), CancellationToken.None);
        await Eventually.TrueWithinAsync(deployment.Clock, () => run.IsCompleted);
        await Assert.ThrowsAsync<TimeoutException>(() => run);
        deployment.Sentinels[0].Server.IsSilent = false;
    }

    [Fact]
    public async Task Run_WithoutSentinel_ChecksTheEndpoint()
    {
        await using var deployment = new Deployment(sentinels: 0);
        deployment.Options = deployment.Options with
        {
            Listeners = [deployment.Options.Listeners[0] with { Master = null }],
            Sentinel = null,
            Backend = new BackendOptions { Endpoint = deployment.Masters[0].Endpoint },
        };
        MasterCheck check = Assert.Single(await RunAsync(deployment));
        Assert.True(check.IsGood);
        Assert.Equal("l", check.MasterName);
        await deployment.Masters[0].DisposeAsync();
        check = Assert.Single(await RunAsync(deployment));
        Assert.False(check.IsGood);
        Assert.Equal(ProbeVerdict.Lost, check.Probe!.Verdict);
    }

    private static Task<IReadOnlyList<MasterCheck>> RunAsync(Deployment deployment) =>
        TopologyCheck.RunAsync(deployment.Options, deployment.Context, TimeSpan.FromSeconds(10), CancellationToken.None);
}
