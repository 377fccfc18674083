using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>A replica reports to have been promoted: the control plane against scripted Sentinels and servers.</summary>
public sealed class PromotionTests : IAsyncDisposable
{
    private readonly Deployment _deployment = new();

    private ScriptedMaster Replica => _deployment.Masters[1];

    public ValueTask DisposeAsync() => _deployment.DisposeAsync();

    [Fact]
    public async Task Promoted_NoSentinelReachable_IsHeldForAsLongAsItLasts()
    {
        await StartAsync(PromotionProof.Announced);
        await LoseSentinelsAsync();
        Promote();
        await _deployment.IsAsync(1, Availability.PlannedHold);
        Assert.False(_deployment.View.IsTrusted);
        await Eventually.StaysTrueAsync(
            _deployment.Clock, TimeSpan.FromSeconds(8), () => _deployment.View.Availability == Availability.PlannedHold);

        Replica.Role = "slave";
        await _deployment.WithinAsync(1, Availability.Available);
    }

    [Fact]
    public async Task Promoted_SentinelsKnowOfNoFailover_ContinuesWithTheMaster()
    {
        await StartAsync(PromotionProof.Observed);
        Promote();
        await Eventually.TrueWithinAsync(_deployment.Clock, () => _deployment.Log.CountOf(2005) == 1);
        await _deployment.WithinAsync(1, Availability.Available);
        await Eventually.StaysTrueAsync(
            _deployment.Clock, TimeSpan.FromSeconds(3), () => _deployment.View is { Generation: 1, Availability: Availability.Available });
        Assert.Equal(1, _deployment.Log.CountOf(2005));
    }

    [Fact]
    public async Task Promoted_Announced_WaitsForASentinel()
    {
        await StartAsync(PromotionProof.Announced);
        BeginFailover();
        Promote();
        await Eventually.TrueAsync(() => _deployment.View.IsPromoting);
        await Eventually.StaysTrueAsync(
            _deployment.Clock,
            TimeSpan.FromSeconds(2),
            () => _deployment.View is { Generation: 1, Availability: Availability.PlannedHold });
        _deployment.Say(_deployment.Sentinels[0], 1, epoch: 2);
        await _deployment.WithinAsync(2, Availability.Available);
    }

    [Fact]
    public async Task Promoted_ObservedAndConfirmed_ContinuesAtOnceAndStays()
    {
        await StartAsync(PromotionProof.Observed);
        BeginFailover();
        Promote();
        await _deployment.IsAsync(2, Availability.Available);
        Assert.Equal(Replica.Address, _deployment.View.Master!.Address);
        _deployment.Say(_deployment.Sentinels[0], 1, epoch: 7);
        await Eventually.TrueWithinAsync(_deployment.Clock, () => _deployment.View.Epoch == 7);
        await Eventually.StaysTrueAsync(
            _deployment.Clock, TimeSpan.FromSeconds(5), () => _deployment.View is { Generation: 2, Availability: Availability.Available });
    }

    [Fact]
    public async Task Promoted_ObservedButNeverConfirmed_IsHeldAgainAndGivenUp()
    {
        await StartAsync(PromotionProof.Observed);
        BeginFailover();
        Promote();
        await _deployment.IsAsync(2, Availability.Available);
        TimeSpan waited = await _deployment.WithinAsync(2, Availability.PlannedHold);
        Assert.InRange(waited.TotalSeconds, 1.9, 3);
        Assert.False(_deployment.View.IsTrusted);
        Assert.Contains("no Sentinel has confirmed", _deployment.View.Reason, StringComparison.Ordinal);

        // The others turn the promotion back.
        Replica.Role = "slave";
        Replica.Server.EndConnections();
        _deployment.AllSay(0, epoch: 1);
        await _deployment.WithinAsync(3, Availability.Available);
        Assert.Equal(_deployment.Masters[0].Address, _deployment.View.Master!.Address);
    }

    [Fact]
    public async Task Promoted_ObservedAndItsLeaderDies_IsHeldAtOnce()
    {
        await StartAsync(PromotionProof.Observed);
        BeginFailover();
        Promote();
        await _deployment.IsAsync(2, Availability.Available);

        // Another one was not elected, and keeps its flag for some time.
        _deployment.Say(_deployment.Sentinels[2], 0, epoch: 1, flags: "master,failover_in_progress");
        await Eventually.StaysTrueAsync(
            _deployment.Clock,
            TimeSpan.FromSeconds(0.6),
            () => _deployment.View is { Generation: 2, Availability: Availability.Available });
        _deployment.Sentinels[0].Server.Stop();
        await _deployment.WithinAsync(2, Availability.PlannedHold);
        _deployment.Say(_deployment.Sentinels[1], 1, epoch: 2);
        await _deployment.WithinAsync(2, Availability.Available);
    }

    [Fact]
    public async Task Announced_OnlyByALeaderThatDiesThen_IsHeldUntilAnotherSentinelReportsIt()
    {
        await StartAsync(PromotionProof.Announced);
        Replica.Role = "master";
        _deployment.Say(_deployment.Sentinels[0], 1, epoch: 2);
        await _deployment.WithinAsync(2, Availability.Available);
        _deployment.Sentinels[0].Server.Stop();
        await _deployment.WithinAsync(2, Availability.PlannedHold);
        Assert.False(_deployment.View.IsTrusted);
        _deployment.Say(_deployment.Sentinels[2], 1, epoch: 2);
        await _deployment.WithinAsync(2, Availability.Available);
    }

    [Fact]
    public async Task Promoted_MasterSaidDown_IsAcceptedInItsPlace()
    {
        await StartAsync(PromotionProof.Observed);
        _deployment.Masters[0].Server.Stop();
        _deployment.AllSay(0, epoch: 1, flags: "master,s_down,o_down");
        await _deployment.WithinAsync(1, Availability.Down);
        await Eventually.TrueWithinAsync(_deployment.Clock, () => _deployment.View.Sentinels.All(one => one.Flags.Contains("o_down")));
        Promote();
        await _deployment.WithinAsync(2, Availability.Available);
        Assert.Equal(Replica.Address, _deployment.View.Master!.Address);
    }

    [Fact]
    public async Task OnPromoted_OldMasterIsItsReplica_ContinuesAndIsNotTakenBack()
    {
        await StartAsync(PromotionProof.Announced);
        _deployment.Masters[0].Role = "slave";
        Replica.Role = "master";
        _deployment.Source.OnPromoted(Replica.Endpoint);
        await _deployment.IsAsync(2, Availability.Available);
        Assert.Equal(Replica.Address, _deployment.View.Master!.Address);
        await Eventually.StaysTrueAsync(
            _deployment.Clock, TimeSpan.FromSeconds(12), () => _deployment.View is { Generation: 2, Availability: Availability.Available });
        _deployment.AllSay(0, epoch: 3);
        _deployment.Masters[0].Role = "master";
        await _deployment.WithinAsync(3, Availability.Available);
    }

    [Fact]
    public async Task OnPromoted_ButGoneAndNeverReported_IsGivenUp()
    {
        await StartAsync(PromotionProof.Announced);
        Replica.Role = "master";
        _deployment.Source.OnPromoted(Replica.Endpoint);
        await _deployment.IsAsync(2, Availability.Available);
        Replica.Server.Stop();
        await _deployment.WithinAsync(2, Availability.Down);
        await _deployment.WithinAsync(3, Availability.Available);
        Assert.Equal(_deployment.Masters[0].Address, _deployment.View.Master!.Address);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Promoted_ThenMonitoredAnewThere_IsConfirmedByThat(bool isFirm)
    {
        await StartAsync(PromotionProof.Observed);
        if (isFirm)
        {
            Replica.Role = "master";
            _deployment.Source.OnPromoted(Replica.Endpoint);
            await _deployment.IsAsync(2, Availability.Available);
        }
        else
        {
            BeginFailover();
            Promote();
            await _deployment.IsAsync(2, Availability.Available);
            await _deployment.WithinAsync(2, Availability.PlannedHold);
        }

        _deployment.AllSay(1, epoch: 0);
        await Eventually.TrueWithinAsync(
            _deployment.Clock, () => _deployment.View is { Generation: 2, Availability: Availability.Available, Epoch: 0 });
        _deployment.AllSay(0, epoch: 1);
        await _deployment.WithinAsync(3, Availability.Available);
    }

    [Fact]
    public async Task Promoted_HoldingIsTurnedOffMeanwhile_ContinuesWithTheMaster()
    {
        await StartAsync(PromotionProof.Announced);
        await LoseSentinelsAsync();
        Promote();
        await _deployment.IsAsync(1, Availability.PlannedHold);
        ProxyOptions options = _deployment.Options;
        _deployment.Service.Reconfigure(options with { Hold = options.Hold with { Planned = false } });
        await _deployment.WithinAsync(1, Availability.Available);
        _deployment.Masters[0].Server.Stop();
        await _deployment.WithinAsync(1, Availability.Down);
        _deployment.Masters[0].Server.Listen();
        await _deployment.WithinAsync(1, Availability.Available);
    }

    [Fact]
    public async Task Announced_OnlyByALeaderThatDiesThen_TheReplicasStayKnown()
    {
        (string Host, int Port) third = ("127.0.0.1", 1);
        foreach (ScriptedSentinel sentinel in _deployment.Sentinels)
        {
            sentinel.Replicas.Add(third);
        }

        await StartAsync(PromotionProof.Announced, replicas: 2);
        Replica.Role = "master";
        _deployment.Say(_deployment.Sentinels[0], 1, epoch: 2);
        await _deployment.WithinAsync(2, Availability.Available);
        _deployment.Sentinels[0].Server.Stop();
        await _deployment.WithinAsync(2, Availability.PlannedHold);
        Assert.Contains(new HostEndpoint(third.Host, third.Port), _deployment.View.Replicas);
    }

    private async Task StartAsync(PromotionProof proof, int replicas = 1)
    {
        _deployment.Options = _deployment.Options with { Hold = _deployment.Options.Hold with { AcceptPromoted = proof } };
        (Replica.Role, Replica.RunId) = ("slave", "run-2");
        foreach (ScriptedSentinel sentinel in _deployment.Sentinels)
        {
            sentinel.Replicas.Add((Replica.Endpoint.Host, Replica.Endpoint.Port));
        }

        await _deployment.StartAvailableAsync();
        await Eventually.TrueWithinAsync(
            _deployment.Clock,
            () => _deployment.Service.ReplicationOf(Deployment.MasterName) is { Replicas: var all } && all.Count == replicas
                && all.Any(one => one.Facts is { IsMaster: false }));
    }

    private async Task LoseSentinelsAsync()
    {
        foreach (ScriptedSentinel sentinel in _deployment.Sentinels)
        {
            sentinel.Server.Stop();
        }

        await Eventually.TrueAsync(() => _deployment.View.Sentinels.All(one => !one.IsConnected));
    }

    /// <summary>The first Sentinel leads it.</summary>
    private void BeginFailover()
    {
        _deployment.Say(_deployment.Sentinels[0], 0, epoch: 1, flags: "master,failover_in_progress");
        _deployment.Sentinels[0].Push(
            "+failover-state-send-slaveof-noone",
            $"slave r {Replica.Endpoint.Host} {Replica.Endpoint.Port} @ {Deployment.MasterName} "
                + $"{_deployment.Masters[0].Endpoint.Host} {_deployment.Masters[0].Endpoint.Port}");
    }

    private void Promote()
    {
        Replica.Role = "master";
        Replica.Server.EndConnections();
    }
}
