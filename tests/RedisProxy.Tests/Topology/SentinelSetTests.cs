using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

/// <summary>Which Sentinels are known: configured, learnt, recognised, dropped.</summary>
public class SentinelSetTests
{
    [Fact]
    public async Task Learn_OthersAreListed_GetLinksOfTheirOwn()
    {
        await using var deployment = new Deployment();
        deployment.Sentinels[0].Lists(deployment.Sentinels[1], deployment.Sentinels[2]);
        deployment.With(sentinel => sentinel with { Endpoints = [deployment.Sentinels[0].Endpoint] });
        await deployment.StartAvailableAsync();
        Assert.Equal(3, deployment.View.Sentinels.Count);
        Assert.All(deployment.Sentinels, one => Assert.Equal(1, one.Server.AcceptedCount));
    }

    [Fact]
    public async Task Learn_EventSaysThereIsOneMore_IsAskedForAtOnce()
    {
        await using var deployment = new Deployment();
        deployment.Sentinels[0].Lists(deployment.Sentinels[1]);
        deployment.With(sentinel => sentinel with { Endpoints = [deployment.Sentinels[0].Endpoint] });
        deployment.AllSay(0, epoch: 1);
        deployment.Start();
        await Eventually.TrueAsync(() => deployment.View.Sentinels.Count(one => one.IsConnected) == 2);
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromMilliseconds(200), () => deployment.View.Sentinels.Count == 2);
        deployment.Sentinels[0].Lists(deployment.Sentinels[2]);
        deployment.Sentinels[0].Push("+sentinel", "sentinel s3 127.0.0.1 1 @ m 127.0.0.1 1");
        await Eventually.TrueAsync(() => deployment.View.Sentinels.Count(one => one.IsConnected) == 3);
    }

    [Fact]
    public async Task Learn_MappedOrUnusableAddresses_AreMappedOrLeftOut()
    {
        await using var deployment = new Deployment(sentinels: 2);
        deployment.Sentinels[0].Others.Add(("s2", "10.99.0.2", 26379));
        deployment.Sentinels[0].Others.Add(("s9", "0.0.0.0", 26379));
        deployment.With(sentinel => sentinel with
        {
            Endpoints = [deployment.Sentinels[0].Endpoint],
            AddressMap = new Dictionary<HostEndpoint, HostEndpoint>
            {
                [new HostEndpoint("10.99.0.2", 26379)] = deployment.Sentinels[1].Endpoint,
            },
        });
        await deployment.StartAvailableAsync();
        Assert.Equal(
            [deployment.Sentinels[0].Endpoint, deployment.Sentinels[1].Endpoint],
            deployment.View.Sentinels.Select(one => one.Sentinel).OrderBy(one => one != deployment.Sentinels[0].Endpoint));
    }

    [Fact]
    public async Task Learn_ThousandsAreListed_IsLimited()
    {
        await using var deployment = new Deployment(sentinels: 1);
        for (int i = 0; i < 1000; i++)
        {
            deployment.Sentinels[0].Others.Add(($"x{i}", "127.0.0.1", 1));
            deployment.Sentinels[0].Others.Add(($"y{i}", $"127.0.1.{i % 250}", 1 + i));
        }

        deployment.AllSay(0, epoch: 1);
        deployment.Start();
        await Eventually.TrueAsync(() => deployment.Log.CountOf(2035) == 1);
        Assert.InRange(deployment.View.Sentinels.Count, 1, SentinelSet.MaxSentinels);
    }

    [Fact]
    public async Task Identity_OneSentinelUnderTwoAddresses_KeepsOneLink()
    {
        await using var deployment = new Deployment(sentinels: 2);
        deployment.Sentinels[1].Id = deployment.Sentinels[0].Id;
        deployment.AllSay(0, epoch: 1);
        deployment.Start();
        await Eventually.TrueAsync(() => deployment.Log.CountOf(2034) == 1 && deployment.View.Availability == Availability.Available);
        await Eventually.TrueAsync(() => deployment.View.Sentinels.Count == 1);
        await Eventually.TrueAsync(() => deployment.Sentinels.Sum(one => one.Server.Clients.Count) == 1);

        // The parked name is tried again when the other one is lost, and it may be another Sentinel by then.
        int kept = deployment.Sentinels[0].Server.Clients.Count == 1 ? 0 : 1;
        deployment.Sentinels[kept].Server.Stop();
        HostEndpoint other = deployment.Sentinels[1 - kept].Endpoint;
        await Eventually.TrueWithinAsync(
            deployment.Clock, () => deployment.View.Sentinels.Any(one => one.IsConnected && one.Sentinel == other));
        await Eventually.TrueAsync(() => deployment.View.Sentinels.Count == 1);
    }

    [Fact]
    public async Task Identity_ListedUnderAnotherAddress_IsNotASecondSentinel()
    {
        await using var deployment = new Deployment(sentinels: 2);
        deployment.Sentinels[1].Others.Add(("s1", "127.9.9.9", 26379));
        deployment.Sentinels[0].Others.Add(("s2", "127.8.8.8", 26379));
        await deployment.StartAvailableAsync();
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(1), () => deployment.View.Sentinels.Count == 2);
    }

    [Fact]
    public async Task Drop_LearntAwayAndUnlisted_IsForgotten()
    {
        await using var deployment = new Deployment();
        deployment.Sentinels[0].Lists(deployment.Sentinels[1], deployment.Sentinels[2]);
        deployment.Sentinels[1].Lists(deployment.Sentinels[0], deployment.Sentinels[2]);
        deployment.With(sentinel => sentinel with { Endpoints = [deployment.Sentinels[0].Endpoint] });
        await deployment.StartAvailableAsync();
        deployment.Sentinels[2].Server.Stop();
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(1), () => deployment.View.Sentinels.Count == 3);
        deployment.Sentinels[0].Others.RemoveAt(1);
        deployment.Sentinels[0].Push("+reset-master", "master m 127.0.0.1 1");
        await Eventually.StaysTrueAsync(deployment.Clock, TimeSpan.FromSeconds(1), () => deployment.View.Sentinels.Count == 3);
        deployment.Sentinels[1].Others.RemoveAt(1);
        deployment.Sentinels[1].Push("+reset-master", "master m 127.0.0.1 1");
        await Eventually.TrueWithinAsync(deployment.Clock, () => deployment.View.Sentinels.Count == 2);
        Assert.Equal(1, deployment.Log.CountOf(2033));
    }
}
