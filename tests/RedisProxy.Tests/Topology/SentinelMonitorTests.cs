using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>The whole control plane against scripted Sentinels and masters.</summary>
public class SentinelMonitorTests
{
    [Fact]
    public async Task Start_AllAgree_IsVerifiedAndAvailableWithoutWaiting()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        TopologyView view = deployment.View;
        Assert.Equal((1, 1L, deployment.Masters[0].Address), (view.Generation, view.Epoch, view.Master!.Address));
        Assert.Equal(["0 Unknown", "1 Verifying", "1 Available"], deployment.Observer.Path);
        Assert.All(view.Sentinels, one => Assert.Equal(deployment.Masters[0].Endpoint, one.Master));
    }

    [Fact]
    public async Task Start_TheFastestIsStale_WaitsForTheOthers()
    {
        await using var deployment = new Deployment();
        deployment.AllSay(1, epoch: 2);
        deployment.Say(deployment.Sentinels[0], 0, epoch: 1);
        deployment.Sentinels[1].Server.IsSilent = true;
        deployment.Sentinels[2].Server.IsSilent = true;
        deployment.Start();
        await Eventually.TrueAsync(() => deployment.View.Sentinels.Any(one => one.IsConnected));
        Assert.Equal(0, deployment.View.Generation);
        Assert.Contains("has not spoken yet", deployment.View.Reason, StringComparison.Ordinal);
        deployment.Sentinels[1].Server.IsSilent = false;
        deployment.Sentinels[2].Server.IsSilent = false;
        await deployment.WithinAsync(2, 1, Availability.Available);
        Assert.Equal(deployment.Masters[1].Address, deployment.View.Master!.Address);
    }

    [Fact]
    public async Task Start_OneIsSilentOneIsDown_WaitsTwoSecondsAtMost()
    {
        await using var deployment = new Deployment();
        deployment.AllSay(0, epoch: 1);
        deployment.Sentinels[1].Server.IsSilent = true;
        deployment.Sentinels[2].Server.Stop();
        deployment.Start();
        TimeSpan waited = await deployment.WithinAsync(2.5, 1, Availability.Available);
        Assert.InRange(waited.TotalSeconds, 1.5, 2.2);
    }

    [Fact]
    public async Task Start_NobodyKnowsTheName_SaysWhichNamesTheyKnow()
    {
        await using var deployment = new Deployment();
        foreach (ScriptedSentinel sentinel in deployment.Sentinels)
        {
            sentinel.Say("other", ScriptedAnswer.Of(deployment.Masters[0].Address, 1));
        }

        deployment.Start();
        await Eventually.TrueAsync(() => deployment.View.Reason == "no Sentinel knows a master named 'm'; they know: other");
        Assert.Equal(Availability.Unknown, deployment.View.Availability);
        deployment.AllSay(0, epoch: 1);
        await deployment.WithinAsync(2, 1, Availability.Available);
    }

    [Fact]
    public async Task Start_NobodyIsReachable_SaysSoEveryTenSeconds()
    {
        await using var deployment = new Deployment(sentinels: 1);
        deployment.Sentinels[0].Server.Stop();
        deployment.Start();
        await Eventually.TrueWithinAsync(deployment.Clock, TimeSpan.FromSeconds(1), () => deployment.View.Reason.Contains("refused", StringComparison.Ordinal));
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(21), () => deployment.View.Generation == 0);
        Assert.InRange(deployment.Log.CountOf(2000), 2, 3);
    }

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
        TimeSpan noticed = await deployment.WithinAsync(1.5, 2, Availability.Available);
        Assert.InRange(noticed.TotalSeconds, 0, 1.3);
    }

    [Fact]
    public async Task Failover_TheOldMasterComesBackAsAMaster_IsNotBelieved()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Say(deployment.Sentinels[0], 1, epoch: 2);
        deployment.Say(deployment.Sentinels[1], 1, epoch: 2);
        await deployment.WithinAsync(1.5, 2, Availability.Available);
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(6), () => deployment.View.Generation == 2);
        deployment.Sentinels[0].Server.Stop();
        deployment.Sentinels[1].Server.Stop();
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(6), () => deployment.View.Generation == 2);
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
        deployment.Masters[1].Server.EndConnections();
        await Eventually.TrueWithinAsync(deployment.Clock, TimeSpan.FromSeconds(1), () => deployment.Masters[1].Server.AcceptedCount == 2);
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(2), () => deployment.View.Availability == Availability.Available);
    }

    [Fact]
    public async Task Failover_TheNewMasterIsNotOneYet_IsVerifiedQuicklyThenSlowly()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Masters[1].Role = "slave";
        deployment.AllSay(1, epoch: 2);
        await deployment.WithinAsync(1.5, 2, Availability.Verifying);
        await Eventually.TrueWithinAsync(deployment.Clock, TimeSpan.FromSeconds(3), () => deployment.Log.CountOf(2008) == 1);
        int asked = deployment.Masters[1].PingCount;
        Assert.InRange(asked, 20, 24);
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(5), () => deployment.View.Availability == Availability.Verifying);
        Assert.InRange(deployment.Masters[1].PingCount - asked, 3, 8);
        deployment.Masters[1].Role = "master";
        await deployment.WithinAsync(1.5, 2, Availability.Available);
        Assert.Equal(1, deployment.Log.CountOf(2008));
    }

    [Fact]
    public async Task LowerEpoch_AMajorityStaysThere_IsAcceptedAfterAWhile()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.AllSay(1, epoch: 0);
        TimeSpan waited = await deployment.WithinAsync(6, 2, Availability.Available);
        Assert.InRange(waited.TotalSeconds, 2.9, 4.5);
    }

    [Fact]
    public async Task LowerEpoch_OnlyWhileTheLeaderIsAway_IsNotAccepted()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Say(deployment.Sentinels[0], 1, epoch: 2);
        await deployment.WithinAsync(1.5, 2, Availability.Available);
        deployment.Sentinels[0].Server.Stop();
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(2), () => deployment.View.Generation == 2);
        deployment.AllSay(1, epoch: 2);
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(6), () => deployment.View.Generation == 2);
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
    public async Task PlannedFailover_PromotionOfAnotherMaster_IsNoReasonToHold()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        int asked = deployment.Sentinels[0].AskedCount;
        deployment.Sentinels[1].Push("+failover-state-send-slaveof-noone", "slave x 10.0.0.7 1 @ m 10.0.0.8 6379");
        await Eventually.TrueAsync(() => deployment.Sentinels[0].AskedCount > asked);
        Assert.Equal(Availability.Available, deployment.View.Availability);
        deployment.Sentinels[1].Push("+failover-state-send-slaveof-noone", "slave x 10.0.0.7 1 @ another 10.0.0.8 6379");
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(1), () => deployment.View.Availability == Availability.Available);
    }

    [Fact]
    public async Task PlannedFailover_FlagInAPoll_HoldsAndAsksOften()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Say(deployment.Sentinels[1], 0, epoch: 1, "master,failover_in_progress");
        await deployment.WithinAsync(1.5, 1, Availability.PlannedHold);
        int asked = deployment.Sentinels[0].AskedCount;
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(1), () => deployment.View.Availability == Availability.PlannedHold);
        Assert.InRange(deployment.Sentinels[0].AskedCount - asked, 4, 21);
    }

    [Fact]
    public async Task PlannedFailover_Aborted_GoesOn()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Say(deployment.Sentinels[1], 0, epoch: 1, "master,failover_in_progress");
        await deployment.WithinAsync(1.5, 1, Availability.PlannedHold);
        deployment.Say(deployment.Sentinels[1], 0, epoch: 1);
        deployment.Sentinels[1].Push("-failover-abort-slave-timeout", AboutMaster(deployment));
        TimeSpan took = await deployment.WithinAsync(1, 1, Availability.Available);
        Assert.True(took < TimeSpan.FromSeconds(0.5), $"{took}");
    }

    [Fact]
    public async Task PlannedFailover_NothingComesOfIt_GoesOnAfterTheTimeout()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Sentinels[1].Push("+failover-state-send-slaveof-noone", EventAbout(deployment));
        await deployment.IsAsync(1, Availability.PlannedHold);
        TimeSpan took = await deployment.WithinAsync(4, 1, Availability.Available);
        Assert.InRange(took.TotalSeconds, 2.9, 3.5);
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
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(3), () => deployment.View.Availability == Availability.Available);
        deployment.Sentinels[0].IsInTilt = false;
        deployment.Sentinels[0].Push("-tilt", "#tilt mode exited");
        await deployment.IsAsync(1, Availability.PlannedHold);
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
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(3), () => deployment.View.Availability == Availability.Available);
    }

    [Fact]
    public async Task FrozenMaster_NobodyDoubts_StaysAvailableUntilASentinelDoes()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Masters[0].Server.IsSilent = true;
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(4), () => deployment.View.Availability == Availability.Available);
        deployment.Say(deployment.Sentinels[0], 0, epoch: 1, "master,s_down");
        await deployment.WithinAsync(1.5, 1, Availability.Down);
        Assert.Contains("no answer", deployment.View.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Suspect_Thousands_AreCoveredByOneLook()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        int looks = deployment.Masters[0].PingCount;
        long last = 0;
        Parallel.For(0, 5000, _ => InterlockedMax(ref last, deployment.Source.Suspect(SuspicionReason.ConnectionLost)));
        await Eventually.TrueWithinAsync(deployment.Clock, TimeSpan.FromMilliseconds(200), () => deployment.View.CoversSuspicion >= last);
        Assert.InRange(deployment.Masters[0].PingCount - looks, 1, 6);
        Assert.Equal(Availability.Available, deployment.View.Availability);
        Assert.Equal(1, deployment.View.Generation);
    }

    [Fact]
    public async Task Suspect_MasterIsGone_IsDownAtOnceAndAvailableAgainWhenItIsBack()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Masters[0].Server.Stop();
        long suspicion = deployment.Source.Suspect(SuspicionReason.ConnectionLost);
        await deployment.IsAsync(1, Availability.Down);
        Assert.Contains("refused", deployment.View.Reason, StringComparison.OrdinalIgnoreCase);
        deployment.Masters[0].Pong = "-LOADING Redis is loading the dataset in memory\r\n";
        deployment.Masters[0].Server.Listen();
        await Eventually.TrueWithinAsync(
            deployment.Clock, TimeSpan.FromSeconds(1), () => deployment.View.Reason.Contains("LOADING", StringComparison.Ordinal));
        Assert.Equal(Availability.Down, deployment.View.Availability);
        deployment.Masters[0].Pong = "+PONG\r\n";
        await deployment.WithinAsync(1, 1, Availability.Available);
        Assert.True(deployment.View.CoversSuspicion >= suspicion);
        Assert.Equal(FailoverKind.Restart, Assert.Single(deployment.Source.Failovers.Last).Kind);
    }

    [Fact]
    public async Task MasterDies_NobodySuspects_IsNoticedAtOnceByItsConnection()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Masters[0].Server.Stop();
        await deployment.IsAsync(1, Availability.Down);
    }

    [Fact]
    public async Task MasterIsDemotedInPlace_NoConnectionEnds_IsDown()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Masters[0].Role = "slave";
        int asked = deployment.Sentinels[0].AskedCount;
        await deployment.WithinAsync(1.5, 1, Availability.Down);
        Assert.Contains("'slave'", deployment.View.Reason, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => deployment.Sentinels[0].AskedCount > asked);
        deployment.Masters[0].Role = "master";
        await deployment.WithinAsync(0.5, 1, Availability.Available);
    }

    [Theory]
    [InlineData("-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n")]
    [InlineData("-ERR max number of clients reached\r\n")]
    public async Task MasterIsBusy_Healthy_StaysAvailable(string answer)
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Masters[0].Pong = answer;
        deployment.Source.Suspect(SuspicionReason.ConnectFailed);
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(3), () => deployment.View.Availability == Availability.Available);
    }

    [Fact]
    public async Task RequireMajority_MostSentinelsLost_IsReadsOnlyUntilTheyAreBack()
    {
        await using var deployment = new Deployment();
        deployment.With(sentinel => sentinel with { RequireMajority = true });
        await deployment.StartAvailableAsync();
        deployment.Sentinels[0].Server.Stop();
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(1), () => deployment.View.Availability == Availability.Available);
        deployment.Sentinels[1].Server.Stop();
        await deployment.IsAsync(1, Availability.ReadsOnly);
        Assert.NotEmpty(deployment.View.Reason);
        Assert.True(deployment.View.IsServing);
        deployment.Sentinels[1].Server.Listen();
        await deployment.WithinAsync(6, 1, Availability.Available);
    }

    [Fact]
    public async Task AllSentinelsLost_MajorityNotRequired_KeepsTheMasterAndSaysSoOnce()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        foreach (ScriptedSentinel sentinel in deployment.Sentinels)
        {
            sentinel.Server.Stop();
        }

        await Eventually.TrueAsync(() => deployment.Log.CountOf(2020) == 1);
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(5), () => deployment.View.Availability == Availability.Available);
        Assert.Equal(1, deployment.Log.CountOf(2020));
        deployment.Sentinels[0].Server.Listen();
        await Eventually.TrueWithinAsync(deployment.Clock, TimeSpan.FromSeconds(7), () => deployment.Log.CountOf(2021) == 1);
    }

    [Fact]
    public async Task NameIsForgottenByAll_MasterWasKnown_KeepsItAndWarns()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        foreach (ScriptedSentinel sentinel in deployment.Sentinels)
        {
            sentinel.Say(Deployment.MasterName, null);
        }

        await Eventually.TrueWithinAsync(deployment.Clock, TimeSpan.FromSeconds(2), () => deployment.Log.CountOf(2022) == 1);
        Assert.Equal(Availability.Available, deployment.View.Availability);
    }

    [Fact]
    public async Task AddressMap_MasterAndReplicas_AreReachedWhereTheMapSays()
    {
        await using var deployment = new Deployment();
        var announced = new HostEndpoint("10.99.0.1", 6379);
        deployment.With(sentinel => sentinel with
        {
            AddressMap = new Dictionary<HostEndpoint, HostEndpoint>
            {
                [announced] = deployment.Masters[0].Endpoint,
                [new HostEndpoint("10.99.0.2", 6379)] = deployment.Masters[1].Endpoint,
            },
        });
        foreach (ScriptedSentinel sentinel in deployment.Sentinels)
        {
            sentinel.Say(Deployment.MasterName, new ScriptedAnswer(announced.Host, announced.Port, 1));
            sentinel.Replicas.Add(("10.99.0.2", 6379));
            sentinel.Replicas.Add((announced.Host, announced.Port));
        }

        deployment.Start();
        await deployment.IsAsync(1, Availability.Available);
        Assert.Equal(announced, deployment.View.Master!.Announced);
        Assert.Equal(deployment.Masters[0].Address, deployment.View.Master.Address);
        Assert.Equal([deployment.Masters[1].Endpoint], deployment.View.Replicas);
    }

    [Fact]
    public async Task AllowedNetworks_MasterLiesOutside_IsNotUsedAndTheReasonSaysWhy()
    {
        await using var deployment = new Deployment();
        deployment.With(sentinel => sentinel with { AllowedNetworks = [IPNetwork.Parse("10.0.0.0/8")] });
        deployment.AllSay(0, epoch: 1);
        deployment.Start();
        await Eventually.TrueAsync(() => deployment.View.Reason.Contains("allowedNetworks", StringComparison.Ordinal));
        Assert.Equal(0, deployment.View.Generation);
        Assert.Equal(3, deployment.Log.CountOf(2023));
    }

    [Fact]
    public async Task HostNames_AnnouncedByAll_AreResolvedAndFollowed()
    {
        await using var deployment = new Deployment();
        int port = deployment.Masters[0].Address.Port;
        foreach (ScriptedSentinel sentinel in deployment.Sentinels)
        {
            sentinel.Say(Deployment.MasterName, new ScriptedAnswer("Redis-1.Example", port, 1));
        }

        deployment.Start();
        await Eventually.TrueAsync(() => deployment.View.Reason.Contains("not known yet", StringComparison.Ordinal));
        deployment.Dns["redis-1.example"] = [IPAddress.IPv6Loopback, IPAddress.Loopback];
        await deployment.WithinAsync(3, 1, Availability.Available);
        Assert.Equal(new HostEndpoint("redis-1.example", port), deployment.View.Master!.Announced);

        deployment.Dns.Clear();
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(7), () => deployment.View.Generation == 1);

        deployment.Dns["redis-1.example"] = [IPAddress.Parse("127.0.0.2")];
        await deployment.WithinAsync(8, 2, Availability.Verifying);
        Assert.Equal(IPAddress.Parse("127.0.0.2"), deployment.View.Master!.Address.Address);
    }

    [Fact]
    public async Task ProbeMayNotAsk_PasswordIsMissing_ServesAndWarnsOnce()
    {
        await using var deployment = new Deployment();
        deployment.Masters[0].Password = "secret";
        await deployment.StartAvailableAsync();
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(3), () => deployment.View.Availability == Availability.Available);
        Assert.Equal(1, deployment.Log.CountOf(2009));
    }

    [Fact]
    public async Task ProbeMayNotAsk_PasswordIsGiven_ChecksTheRole()
    {
        await using var deployment = new Deployment();
        deployment.Masters[0].Password = "secret";
        deployment.Options = deployment.Options with { Backend = new BackendOptions { Username = "probe", Password = "secret" } };
        await deployment.StartAvailableAsync();
        Assert.Equal(0, deployment.Log.CountOf(2009));
        deployment.Masters[0].Role = "slave";
        await deployment.WithinAsync(1.5, 1, Availability.Down);
    }

    [Fact]
    public async Task Observer_Throws_TheOthersStillGetEveryView()
    {
        var log = new RecordingLog();
        await using var deployment = new Deployment();
        deployment.AllSay(0, epoch: 1);
        var service = new TopologyService(deployment.Options, deployment.Context with { Loggers = new RecordingLoggers(log) });
        var observer = new RecordingObserver();
        ITopologySource source = Assert.Single(service.Sources);
        source.Subscribe(new ThrowingObserver());
        source.Subscribe(observer);
        using var stop = new CancellationTokenSource();
        Task run = Task.Run(() => service.RunAsync(stop.Token));
        await Eventually.TrueAsync(() => observer.Path.Count == 3);
        await stop.CancelAsync();
        await run;
        Assert.Equal(["0 Unknown", "1 Verifying", "1 Available"], observer.Path);
        Assert.True(log.CountOf(2999) >= 3);
    }

    private static string EventAbout(Deployment deployment) =>
        $"slave x {deployment.Masters[1].Address.Address} {deployment.Masters[1].Address.Port} @ {AboutMaster(deployment)[7..]}";

    private static string AboutMaster(Deployment deployment) =>
        $"master m {deployment.Masters[0].Address.Address} {deployment.Masters[0].Address.Port}";

    private static void InterlockedMax(ref long target, long value)
    {
        long seen = Interlocked.Read(ref target);
        while (value > seen && Interlocked.CompareExchange(ref target, value, seen) is var now && now != seen)
        {
            seen = now;
        }
    }

    private sealed class ThrowingObserver : ITopologyObserver
    {
        public void OnTopology(TopologyView view) => throw new InvalidOperationException("a bug");
    }
}
