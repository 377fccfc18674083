using RedisProxy.Failover;
using RedisProxy.Tests.Topology;

namespace RedisProxy.Tests.Failover;

/// <summary>What is checked before a failover on demand, and which replica would be promoted.</summary>
public sealed class FailoverPreflightTests
{
    private static readonly string[] OfServers =
    [
        FailoverCheck.Available, FailoverCheck.Sentinels, FailoverCheck.Quorum, FailoverCheck.Replicas, FailoverCheck.Permissions,
        FailoverCheck.Pauses, FailoverCheck.Lag,
    ];

    [Fact]
    public async Task Checks_OfHealthyServers_AreAllMade_AndAnyReplicaMayBePromoted()
    {
        await using var scene = new FailoverScene();
        await using FailoverPlan plan = await scene.PlanAsync();
        Assert.Equal(OfServers, plan.Checks.Select(check => check.What));
        Assert.All(plan.Checks, check => Assert.Empty(check.Objections));
        Assert.Equal(scene.Replicas.Select(replica => replica.Endpoint), plan.Candidates);
        Assert.True(plan.MayGo(isForced: false));
    }

    [Theory]
    [InlineData(10, 100, 0)]
    [InlineData(100, 10, 1)]
    [InlineData(0, 100, 1)]
    public async Task Candidates_AreTheReplicasOfTheLowestPriorityAboveZero(int first, int second, int expected)
    {
        await using var scene = new FailoverScene();
        foreach ((ScriptedNode replica, int priority) in scene.Replicas.Zip([first, second]))
        {
            scene.Told.ReplicaFacts[(replica.Endpoint.Host, replica.Endpoint.Port)] = ["slave-priority", $"{priority}"];
        }

        await using FailoverPlan plan = await scene.PlanAsync();
        Assert.Equal([scene.Replicas[expected].Endpoint], plan.Candidates);
    }

    [Fact]
    public async Task Checks_BehindOneThatGotNoAnswer_AreNotMade()
    {
        await using var scene = new FailoverScene();
        scene.Master.Server.IsSilent = true;
        await using FailoverPlan plan = await scene.PlanAsync();
        Assert.Equal(OfServers[..^1], plan.Checks.Select(check => check.What).Append(FailoverCheck.Pauses).Distinct());
        Assert.Contains("does not answer", Assert.Single(plan.Objections), StringComparison.Ordinal);
        Assert.Equal((false, true), (plan.MayGo(isForced: false), plan.MayGo(isForced: true)));
        scene.Master.Server.IsSilent = false;
    }
}
