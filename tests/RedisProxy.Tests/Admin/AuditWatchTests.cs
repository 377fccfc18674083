using Microsoft.Extensions.Logging;

using RedisProxy.Admin;
using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Notify;
using RedisProxy.Tests.Topology;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Admin;

public sealed class AuditWatchTests
{
    private const int Found = 4200;

    [Fact]
    public async Task Audit_AfterAFailover_WaitsUntilItIsOver()
    {
        await using Deployment deployment = OfAudits();
        await deployment.StartAvailableAsync();
        deployment.AllSay(1, epoch: 2);
        await deployment.WithinAsync(2, Availability.Available);
        using AuditWatch watch = Watch(deployment);
        await watch.StartAsync(CancellationToken.None);

        // Due after 10 s. Whoever asks gets an answer, of which nothing is kept.
        await Topology.Eventually.StaysTrueAsync(
            deployment.Clock, TimeSpan.FromSeconds(25), () => deployment.Log.CountOf(Found) == 0 && watch.Last.Count == 0);
        AuditResult asked = Assert.Single(await watch.RunAsync());
        Assert.Equal(Severity.Critical, asked.Worst);
        Assert.Equal((0, 0), (deployment.Log.CountOf(Found), watch.Last.Count));

        await Topology.Eventually.TrueWithinAsync(deployment.Clock, () => watch.Last.Count == 1);
        Assert.NotEqual(0, deployment.Log.CountOf(Found));
        await watch.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Audit_WithoutAFailover_IsMadeWhenItIsDue()
    {
        await using Deployment deployment = OfAudits();
        await deployment.StartAvailableAsync();
        using AuditWatch watch = Watch(deployment);
        await watch.StartAsync(CancellationToken.None);

        await Topology.Eventually.TrueWithinAsync(deployment.Clock, () => watch.Last.Count == 1);

        Assert.NotEqual(0, deployment.Log.CountOf(Found));
        await watch.StopAsync(CancellationToken.None);
    }

    private static Deployment OfAudits()
    {
        var deployment = new Deployment();
        deployment.Options = deployment.Options with { Audit = new AuditOptions { Interval = TimeSpan.FromSeconds(10) } };
        return deployment;
    }

    private static AuditWatch Watch(Deployment deployment) => new(
        new RunningOptions(deployment.Options), deployment.Service, deployment.Context,
        new Notifications([], deployment.Clock, new Logger<Notifications>(new RecordingLoggers(deployment.Log))),
        new Logger<AuditWatch>(new RecordingLoggers(deployment.Log)));
}
