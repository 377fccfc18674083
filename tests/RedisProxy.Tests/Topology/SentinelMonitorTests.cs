using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>Which master is found at the start, and what is believed: the control plane against scripted Sentinels.</summary>
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
        Assert.Contains("has not answered yet", deployment.View.Reason, StringComparison.Ordinal);
        deployment.Sentinels[1].Server.IsSilent = false;
        deployment.Sentinels[2].Server.IsSilent = false;
        await deployment.WithinAsync(1, Availability.Available);
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
        TimeSpan waited = await deployment.WithinAsync(1, Availability.Available);
        Assert.InRange(waited.TotalSeconds, 1.9, 2.9);
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
        await deployment.WithinAsync(1, Availability.Available);
    }

    [Fact]
    public async Task Start_NobodyIsReachable_SaysSoEveryTenSeconds()
    {
        await using var deployment = new Deployment(sentinels: 1);
        deployment.Sentinels[0].Server.Stop();
        deployment.Start();
        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.View.Reason.Contains("refused", StringComparison.Ordinal));
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(14), () => deployment.View.Generation == 0);
        Assert.InRange(deployment.Log.CountOf(2000), 2, 2);
    }

    [Fact]
    public async Task RequireMajority_MostSentinelsLost_IsReadsOnlyUntilTheyAreBack()
    {
        await using var deployment = new Deployment();
        deployment.With(sentinel => sentinel with { RequireMajority = true });
        await deployment.StartAvailableAsync();
        deployment.Sentinels[0].Server.Stop();
        await Eventually.StaysTrueAsync(
            deployment.Clock, TimeSpan.FromSeconds(1), () => deployment.View.Availability == Availability.Available);
        deployment.Sentinels[1].Server.Stop();
        await deployment.WithinAsync(1, Availability.ReadsOnly);
        Assert.NotEmpty(deployment.View.Reason);
        Assert.True(deployment.View.IsServing);
        deployment.Sentinels[1].Server.Listen();
        await deployment.WithinAsync(1, Availability.Available);
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
        await Eventually.StaysTrueAsync(
            deployment.Clock, TimeSpan.FromSeconds(2), () => deployment.View.Availability == Availability.Available);
        Assert.Equal(1, deployment.Log.CountOf(2020));
        deployment.Sentinels[0].Server.Listen();
        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.Log.CountOf(2021) == 1);
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

        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.Log.CountOf(2022) == 1);
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
        await Eventually.TrueAsync(() => deployment.Log.CountOf(2023) == 3);
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
        await deployment.WithinAsync(1, Availability.Available);
        Assert.Equal(new HostEndpoint("redis-1.example", port), deployment.View.Master!.Announced);

        deployment.Dns.Clear();
        deployment.Source.Suspect(SuspicionReason.ConnectFailed);
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(2), () => deployment.View.Generation == 1);

        deployment.Dns["redis-1.example"] = [IPAddress.Parse("127.0.0.2")];
        await deployment.WithinAsync(2, Availability.Verifying);
        Assert.Equal(IPAddress.Parse("127.0.0.2"), deployment.View.Master!.Address.Address);
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

    private sealed class ThrowingObserver : ITopologyObserver
    {
        public void OnTopology(TopologyView view) => throw new InvalidOperationException("a bug");
    }
}
