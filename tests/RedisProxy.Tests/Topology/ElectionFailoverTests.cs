using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>Failovers, planned and not, as scripted Sentinels tell of them.</summary>
public class ElectionFailoverTests
{
    [Fact]
    public async Task Failover_OnlyTheLeaderKnows_IsAcceptedOnItsEventWithoutAPoll()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Say(deployment.Sentinels[2], 1, epoch: 2, "master,failover_in_progress", described: 0);
        deployment.Sentinels[2].Push("+promoted-slave", EventAbout(deployment));
        await deployment.IsAsync(2, Availability.Available);
        Assert.Equal(["0 Unknown", "1 Verifying", "1 Available", "2 Verifying", "2 Available"], deployment.Observer.Path);
        Assert.Equal(deployment.Masters[1].Address, deployment.View.Master!.Address);
        FailoverRecord record = Assert.Single(deployment.Source.Failovers.Last);
        Assert.Equal(deployment.Sentinels[2].Endpoint.ToString(), record.Who);
    }

    [Fact]
    public async Task Failover_NoEventComes_IsNoticedByPolling()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Say(deployment.Sentinels[0], 1, epoch: 2);
        TimeSpan noticed = await deployment.WithinAsync(2, Availability.Available);
        Assert.InRange(noticed.TotalSeconds, 0, 2.5);
    }

    [Fact]
    public async Task Failover_TheOldMasterComesBackAsAMaster_IsNotBelieved()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Say(deployment.Sentinels[0], 1, epoch: 2);
        deployment.Say(deployment.Sentinels[1], 1, epoch: 2);
        await deployment.WithinAsync(2, Availability.Available);
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(4), () => deployment.View.Generation == 2);
        deployment.Sentinels[0].Server.Stop();
        deployment.Sentinels[1].Server.Stop();
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(4), () => deployment.View.Generation == 2);
        Assert.Equal(deployment.Masters[1].Address, deployment.View.Master!.Address);
    }

    [Fact]
    public async Task Failover_TheNewMasterKillsOurConnectionOnce_IsNoOutage()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.AllSay(1, epoch: 2);
        deployment.Sentinels[0].Push("+switch-master", "m 127.0.0.1 1 127.0.0.1 2");
        await deployment.IsAsync(2, Availability.Available);
        int accepted = deployment.Masters[1].Server.AcceptedCount;
        deployment.Masters[1].Server.EndConnections();
        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.Masters[1].Server.AcceptedCount > accepted);
        await Eventually.StaysTrueAsync(
            deployment.Clock, TimeSpan.FromSeconds(2), () => deployment.View.Availability == Availability.Available);
    }

    [Fact]
    public async Task Failover_TheNewMasterIsNotOneYet_IsVerifiedQuicklyThenSlowly()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Masters[1].Role = "slave";
        deployment.AllSay(1, epoch: 2);
        await deployment.WithinAsync(2, Availability.Verifying);
        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.Log.CountOf(2008) == 1);
        int asked = deployment.Masters[1].PingCount;
        Assert.InRange(asked, 20, 26);
        await Eventually.StaysTrueAsync(
            deployment.Clock, TimeSpan.FromSeconds(3), () => deployment.View.Availability == Availability.Verifying);
        Assert.InRange(deployment.Masters[1].PingCount - asked, 1, 5);
        deployment.Masters[1].Role = "master";
        await deployment.WithinAsync(2, Availability.Available);
        Assert.Equal(1, deployment.Log.CountOf(2008));
    }

    [Fact]
    public async Task LowerEpoch_AMajorityStaysThere_IsAcceptedAfterAWhile()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.AllSay(1, epoch: 0);
        TimeSpan waited = await deployment.WithinAsync(2, Availability.Available);
        Assert.InRange(waited.TotalSeconds, 4.9, 9);
    }

    [Fact]
    public async Task LowerEpoch_OnlyWhileTheLeaderIsAway_IsNotAccepted()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Say(deployment.Sentinels[0], 1, epoch: 2);
        await deployment.WithinAsync(2, Availability.Available);
        deployment.Sentinels[0].Server.Stop();
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(3), () => deployment.View.Generation == 2);
        deployment.AllSay(1, epoch: 2);
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(4), () => deployment.View.Generation == 2);
        Assert.Equal(deployment.Masters[1].Address, deployment.View.Master!.Address);
    }

    [Fact]
    public async Task PlannedFailover_LeaderBeginsPromotion_HoldsAtOnceAndUntilTheNewMaster()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Sentinels[1].Push("+failover-state-send-slaveof-noone", EventAbout(deployment));
        await deployment.IsAsync(1, Availability.PlannedHold);
        deployment.Say(deployment.Sentinels[1], 1, epoch: 2, "master,failover_in_progress", described: 0);
        deployment.Sentinels[1].Push("+promoted-slave", EventAbout(deployment));
        deployment.Clock.Advance(TimeSpan.FromMilliseconds(5));
        await deployment.IsAsync(2, Availability.Available);
        Assert.Equal(FailoverKind.Planned, Assert.Single(deployment.Source.Failovers.Last).Kind);
    }

    [Fact]
    public async Task UnplannedFailover_PromotionBeginsBeforeTheFlagsWereRead_IsNotTakenForAPlannedOne()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Say(deployment.Sentinels[1], 0, epoch: 1, "master,s_down,o_down");
        deployment.Sentinels[1].Push("+odown", $"{AboutMaster(deployment)} #quorum 2/2");
        deployment.Sentinels[1].Push("+failover-state-send-slaveof-noone", EventAbout(deployment));
        await deployment.IsAsync(1, Availability.PlannedHold);
        Assert.DoesNotContain("planned", deployment.View.Reason, StringComparison.Ordinal);
        deployment.Say(deployment.Sentinels[1], 1, epoch: 2, "master,o_down,failover_in_progress", described: 0);
        deployment.Sentinels[1].Push("+promoted-slave", EventAbout(deployment));
        deployment.Clock.Advance(TimeSpan.FromMilliseconds(5));
        await deployment.IsAsync(2, Availability.Available);
        Assert.Equal(FailoverKind.Unplanned, Assert.Single(deployment.Source.Failovers.Last).Kind);
    }

    [Fact]
    public async Task PlannedFailover_ReplicaWasToldToBeMaster_TheOldOneIsNotBelievedUntilItIsLetGo()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Sentinels[1].Push("+failover-state-send-slaveof-noone", EventAbout(deployment));
        await deployment.IsAsync(1, Availability.PlannedHold);
        Assert.True(deployment.View.IsTrusted);
        deployment.Sentinels[1].Push("+failover-state-wait-promotion", EventAbout(deployment));
        await Eventually.TrueAsync(() => !deployment.View.IsTrusted);
        deployment.Sentinels[1].Push("-failover-abort-slave-timeout", AboutMaster(deployment));
        await deployment.WithinAsync(1, Availability.Available);
        Assert.True(deployment.View.IsTrusted);
    }

    [Fact]
    public async Task PlannedFailover_PromotionOfAnotherMaster_IsNoReasonToHold()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        int asked = deployment.Sentinels[0].AskedCount;
        deployment.Sentinels[1].Push("+failover-state-send-slaveof-noone", "slave x 10.0.0.7 1 @ m 10.0.0.8 6379");
        await Eventually.TrueAsync(() => deployment.Sentinels[0].AskedCount > asked);
        Assert.Equal(Availability.Available, deployment.View.Availability);
        deployment.Sentinels[1].Push("+failover-state-send-slaveof-noone", "slave x 10.0.0.7 1 @ another 10.0.0.8 6379");
        await Eventually.StaysTrueAsync(
            deployment.Clock, TimeSpan.FromSeconds(1), () => deployment.View.Availability == Availability.Available);
    }

    [Fact]
    public async Task PlannedFailover_FlagInAPoll_HoldsAndAsksOften()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Say(deployment.Sentinels[1], 0, epoch: 1, "master,failover_in_progress");
        await deployment.WithinAsync(1, Availability.PlannedHold);
        int asked = deployment.Sentinels[0].AskedCount;
        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.Sentinels[0].AskedCount >= asked + 6);
        Assert.Equal(Availability.PlannedHold, deployment.View.Availability);
    }

    [Fact]
    public async Task PlannedFailover_Aborted_GoesOn()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Say(deployment.Sentinels[1], 0, epoch: 1, "master,failover_in_progress");
        await deployment.WithinAsync(1, Availability.PlannedHold);
        deployment.Say(deployment.Sentinels[1], 0, epoch: 1);
        deployment.Sentinels[1].Push("-failover-abort-slave-timeout", AboutMaster(deployment));
        TimeSpan took = await deployment.WithinAsync(1, Availability.Available);
        Assert.True(took < TimeSpan.FromSeconds(2), $"{took}");
    }

    [Fact]
    public async Task PlannedFailover_NothingComesOfIt_GoesOnAfterTheTimeout()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Sentinels[1].Push("+failover-state-send-slaveof-noone", EventAbout(deployment));
        await deployment.IsAsync(1, Availability.PlannedHold);
        TimeSpan took = await deployment.WithinAsync(1, Availability.Available);
        Assert.InRange(took.TotalSeconds, 2.9, 5);
    }

    [Fact]
    public async Task Tilt_SaidDownByAll_IsNotHeeded()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        foreach (ScriptedSentinel sentinel in deployment.Sentinels)
        {
            sentinel.Push("+tilt", "#tilt mode entered");
            sentinel.IsInTilt = true;
        }

        await Eventually.TrueAsync(() => deployment.Log.CountOf(2037) == 3);
        deployment.AllSay(0, epoch: 1, "master,s_down,o_down");
        await Eventually.StaysTrueAsync(
            deployment.Clock, TimeSpan.FromSeconds(2), () => deployment.View.Availability == Availability.Available);
        deployment.Sentinels[0].IsInTilt = false;
        deployment.Sentinels[0].Push("-tilt", "#tilt mode exited");
        await deployment.WithinAsync(1, Availability.PlannedHold);
    }

    [Fact]
    public async Task Tilt_BeganBeforeWeConnected_IsNoticed()
    {
        await using var deployment = new Deployment();
        foreach (ScriptedSentinel sentinel in deployment.Sentinels)
        {
            sentinel.IsInTilt = true;
        }

        await deployment.StartAvailableAsync();
        deployment.AllSay(0, epoch: 1, "master,s_down,o_down");
        await Eventually.StaysTrueAsync(
            deployment.Clock, TimeSpan.FromSeconds(2), () => deployment.View.Availability == Availability.Available);
    }

    private static string EventAbout(Deployment deployment) =>
        $"slave x {deployment.Masters[1].Address.Address} {deployment.Masters[1].Address.Port} @ {AboutMaster(deployment)[7..]}";

    private static string AboutMaster(Deployment deployment) =>
        $"master m {deployment.Masters[0].Address.Address} {deployment.Masters[0].Address.Port}";
}
