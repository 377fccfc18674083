using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Notify;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Notify;

/// <summary>What is told of replicas: only what lasts, and nothing of what a failover does to them.</summary>
public sealed class ReplicaFitnessTests
{
    private static readonly IPEndPoint Address = new(IPAddress.Parse("10.0.0.1"), 6379);
    private static readonly HostEndpoint Replica = new("10.0.0.2", 6379);

    private readonly FakeTimeProvider _time = new();
    private readonly List<(bool IsHealthy, string Reason)> _told = [];
    private readonly ReplicaFitness _fitness;

    public ReplicaFitnessTests() => _fitness = new ReplicaFitness(_time, (_, _, isHealthy, reason) => _told.Add((isHealthy, reason)));

    [Fact]
    public void WhatLasts_IsTold()
    {
        Look(linkUp: false, seconds: 9);
        Assert.Empty(_told);
        Look(linkUp: false, seconds: 3);
        Assert.Equal((false, "its link to the master is down"), _told[^1]);
        Look(linkUp: true, seconds: 1);
        Assert.True(_told[^1].IsHealthy);
    }

    [Fact]
    public void WhatPasses_IsNotTold()
    {
        Look(linkUp: false, seconds: 8);
        Look(linkUp: true, seconds: 1);
        Look(linkUp: false, seconds: 8);
        Assert.DoesNotContain(_told, told => !told.IsHealthy);
    }

    [Fact]
    public void WhatHappensWhileThereIsNoMaster_DoesNotCount()
    {
        Look(linkUp: false, seconds: 30, Availability.Down);
        Look(linkUp: false, seconds: 9);
        Assert.Empty(_told);
    }

    [Fact]
    public void ReplicaThatIsGone_IsForgotten()
    {
        Look(linkUp: false, seconds: 9);
        _fitness.Look(View(Availability.Available), new ReplicationView());
        Look(linkUp: false, seconds: 9);
        Assert.Empty(_told);
    }

    private static TopologyView View(Availability availability) => new()
    {
        MasterName = "m",
        Availability = availability,
        Master = new MasterNode(new HostEndpoint("10.0.0.1", 6379), Address),
    };

    private void Look(bool linkUp, int seconds, Availability availability = Availability.Available)
    {
        for (int i = 0; i < seconds; i++)
        {
            _fitness.Look(View(availability), new ReplicationView
            {
                Replicas =
                [
                    new ReplicaState(Replica)
                    {
                        Address = new IPEndPoint(IPAddress.Parse("10.0.0.2"), 6379),
                        Facts = new ReplicationFacts { IsLinkUp = linkUp },
                        WasLookedAt = true,
                        MasterAddress = Address,
                    },
                ],
            });
            _time.Advance(TimeSpan.FromSeconds(1));
        }
    }
}
