using RedisProxy.Failover;
using RedisProxy.Servers;
using RedisProxy.Tests.Topology;

namespace RedisProxy.Tests.Failover;

/// <summary>Replicas that are gone for good, of which Sentinel knows until it is told to forget them.</summary>
public sealed class LeftOutReplicaTests
{
    private static readonly (string Host, int Port) Gone = ("10.99.0.7", 6379);
    private static readonly (string Host, int Port) AlsoGone = ("10.99.0.8", 6379);

    [Fact]
    public async Task ReplicasThatAreLongGone_AreNoObjections()
    {
        await using var scene = new FailoverScene();
        Lists(scene, Gone, "s_down,slave,disconnected", downForMs: 30_000);
        Lists(scene, AlsoGone, "s_down,o_down,slave", downForMs: 31L * 86_400_000, priority: 0);
        await using FailoverPlan plan = await scene.PlanAsync();
        Assert.Empty(plan.Objections);
        Assert.Equal(scene.Replicas.Select(replica => replica.Endpoint), plan.Replicas.Select(replica => replica.Announced));
        Assert.Equal([Gone, AlsoGone], plan.LeftOut.Select(replica => (replica.Announced.Host, replica.Announced.Port)));
        Assert.Equal(
            plan.LeftOut.Select(replica => replica.Absence), plan.Checks.Single(check => check.What == FailoverCheck.Replicas).Remarks);
        var steps = new FailoverStepLog("m", TimeProvider.System, new RecordingLog());
        steps.AddLeftOut(plan.LeftOut);
        Assert.EndsWith("replica 10.99.0.8:6379 is left out: down for 2678400 s, says Sentinel", steps.Lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s_down,slave,disconnected", 29_999, 100, "it may be back in a moment")]
    [InlineData("slave,disconnected", 90_000_000, 100, "Sentinel does not take it for down")]
    [InlineData("s_down,slave,disconnected", 90_000_000, 99, "Sentinel would prefer it")]
    public async Task ReplicaThatMayBePromotedAfterAll_IsAnObjection(string flags, int downForMs, int priority, string why)
    {
        await using var scene = new FailoverScene();
        Lists(scene, Gone, flags, downForMs, priority);
        await using FailoverPlan plan = await scene.PlanAsync();
        string objection = $"replica 10.99.0.7:6379 is unhealthy: Sentinel reports the flags {flags} for it";
        Assert.True(plan.Objections.SequenceEqual([objection]), why);
        Assert.Empty(plan.LeftOut);
    }

    [Fact]
    public async Task ReplicasThatAreAllGone_AreObjections()
    {
        await using var scene = new FailoverScene();
        foreach (ScriptedNode replica in scene.Replicas)
        {
            scene.Told.ReplicaFacts[(replica.Endpoint.Host, replica.Endpoint.Port)] =
                ["flags", "s_down,slave,disconnected", "s-down-time", "90000000"];
        }

        await using FailoverPlan plan = await scene.PlanAsync();
        Assert.Equal(3, plan.Objections.Count);
        Assert.False(plan.IsPossible);
    }

    [Fact]
    public async Task ReplicaThatReturnsBeforeTheOrder_StopsIt()
    {
        await using var scene = new FailoverScene();
        Lists(scene, Gone, "s_down,slave,disconnected", downForMs: 90_000_000);
        await scene.PauseAsync();
        bool isOrdered = false;
        scene.Told.OnFailover = (_, _) =>
        {
            isOrdered = true;
            return "+OK\r\n";
        };
        scene.Told.ReplicaFacts[Gone] = ["flags", "slave", "master-link-status", "err"];
        ServerException refusal = await Assert.ThrowsAsync<ServerException>(scene.Steps.OrderAsync);
        Assert.Contains("replica 10.99.0.7:6379 is back", refusal.Message, StringComparison.Ordinal);
        Assert.Null(await scene.Steps.ReleaseAsync());
        Assert.False(isOrdered);
        Assert.Equal(["PAUSE", "UNPAUSE"], scene.Master.Orders);

        // Otherwise the order goes out.
        Lists(scene, Gone, "s_down,slave,disconnected", downForMs: 90_000_000);
        await scene.Steps.PauseWritesAsync();
        await scene.Steps.OrderAsync();
        Assert.True(isOrdered);
        Assert.Null(await scene.Steps.ReleaseAsync());
    }

    private static void Lists(FailoverScene scene, (string Host, int Port) replica, string flags, long downForMs, int priority = 100)
    {
        if (!scene.Told.ReplicaFacts.ContainsKey(replica))
        {
            scene.Told.Replicas.Add(replica);
        }

        scene.Told.ReplicaFacts[replica] =
            ["flags", flags, "master-link-status", "err", "s-down-time", $"{downForMs}", "slave-priority", $"{priority}"];
    }
}
