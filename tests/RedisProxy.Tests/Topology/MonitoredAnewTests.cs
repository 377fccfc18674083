using System.Globalization;

using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>SENTINEL REMOVE and MONITOR: Sentinels go back to epoch 0, and say by events that they were told to.</summary>
public class MonitoredAnewTests
{
    [Fact]
    public async Task LowerEpoch_AllSayThatTheyWereToldAnew_IsFollowedAtOnce()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.AllSay(1, epoch: 0);
        foreach (ScriptedSentinel sentinel in deployment.Sentinels)
        {
            Announce(sentinel, deployment, "+monitor");
        }

        TimeSpan waited = await deployment.WithinAsync(2, Availability.Available);
        Assert.InRange(waited.TotalSeconds, 0, 1.5);
    }

    [Fact]
    public async Task LowerEpoch_OneIsOutOfReach_IsFollowedAfterAHello()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.Sentinels[2].Server.Stop();
        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.View.Sentinels.Count(one => one.IsConnected) == 2);
        foreach (ScriptedSentinel sentinel in deployment.Sentinels[..2])
        {
            deployment.Say(sentinel, 1, epoch: 0);
            Announce(sentinel, deployment, "-monitor");
            Announce(sentinel, deployment, "+monitor");
        }

        TimeSpan waited = await deployment.WithinAsync(2, Availability.Available);
        Assert.InRange(waited.TotalSeconds, 2.4, 4);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    public async Task LowerEpoch_NoMajorityWasToldAnew_WaitsAsLongAsEver(int announced)
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        deployment.AllSay(1, epoch: 0);
        foreach (ScriptedSentinel sentinel in deployment.Sentinels[..announced])
        {
            Announce(sentinel, deployment, "+monitor");
        }

        TimeSpan waited = await deployment.WithinAsync(2, Availability.Available);
        Assert.InRange(waited.TotalSeconds, 4.9, 9);
    }

    [Fact]
    public async Task LowerEpoch_WhatWasToldBeforeTheLastFailover_DoesNotCount()
    {
        await using var deployment = new Deployment();
        await deployment.StartAvailableAsync();
        foreach (ScriptedSentinel sentinel in deployment.Sentinels)
        {
            Announce(sentinel, deployment, "+monitor");
        }

        deployment.AllSay(1, epoch: 2);
        await deployment.WithinAsync(2, Availability.Available);
        deployment.AllSay(0, epoch: 1);
        TimeSpan waited = await deployment.WithinAsync(3, Availability.Available);
        Assert.InRange(waited.TotalSeconds, 4.9, 9);
    }

    private static void Announce(ScriptedSentinel sentinel, Deployment deployment, string channel) => sentinel.Push(
        channel,
        string.Create(
            CultureInfo.InvariantCulture,
            $"master m {deployment.Masters[1].Address.Address} {deployment.Masters[1].Address.Port} quorum 2"));
}
