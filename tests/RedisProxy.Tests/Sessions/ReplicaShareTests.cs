using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Sessions;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Sessions;

/// <summary>How sessions are shared out among replicas.</summary>
public sealed class ReplicaShareTests
{
    [Fact]
    public void Weights_DecideHowManyEachGets()
    {
        ReplicaTarget[] targets = [Target(1, weight: 3), Target(2, weight: 1)];
        for (int i = 0; i < 40; i++)
        {
            targets.MinBy(target => target.LoadWithOneMore)!.Enter();
        }

        Assert.Equal((30, 10), (targets[0].Sessions, targets[1].Sessions));
    }

    [Fact]
    public void WithoutWeight_NobodyComes_AsLongAsThereIsAnother()
    {
        ReplicaTarget spare = Target(1, weight: 0);
        ReplicaTarget[] targets = [spare, Target(2, weight: 1)];
        for (int i = 0; i < 1000; i++)
        {
            targets.MinBy(target => target.LoadWithOneMore)!.Enter();
        }

        Assert.Equal(0, spare.Sessions);
        Assert.Same(spare, new[] { spare }.MinBy(target => target.LoadWithOneMore));
    }

    [Fact]
    public void WhoHasJustComeBack_GetsItsShareLittleByLittle()
    {
        var time = new FakeTimeProvider();
        var back = new ReplicaTarget(
            new HostEndpoint("r", 1), new IPEndPoint(IPAddress.Loopback, 1), 1, weight: 4, TimeSpan.FromSeconds(10), time);
        Assert.Equal(0.4, back.Share, 3);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(2, back.Share, 3);
        time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(4, back.Share, 3);
    }

    [Fact]
    public void WhoHasMostOverItsShare_IsFound()
    {
        ReplicaTarget[] targets = [Target(1, weight: 1), Target(2, weight: 1), Target(3, weight: 2)];
        Enter(targets[0], 10);
        Enter(targets[1], 4);
        Enter(targets[2], 10);
        (ReplicaTarget? fullest, double excess) = Rebalancer.FindFullest(targets);
        Assert.Same(targets[0], fullest);
        Assert.Equal(4, excess);
        Assert.Null(Rebalancer.FindFullest([]).Target);
    }

    [Theory]
    [InlineData("10.1.2.3", 10)]
    [InlineData("10.1.9.9", 5)]
    [InlineData("10.2.0.1", 1)]
    public void TheSmallestNetwork_GivesTheWeight(string address, int weight)
    {
        var options = new ReplicaOptions
        {
            Weights = new Dictionary<IPNetwork, int> { [IPNetwork.Parse("10.1.0.0/16")] = 5, [IPNetwork.Parse("10.1.2.0/24")] = 10 },
        };
        Assert.Equal(weight, options.WeightOf(IPAddress.Parse(address)));
    }

    private static ReplicaTarget Target(int generation, int weight) =>
        new(new HostEndpoint("r", generation), new IPEndPoint(IPAddress.Loopback, generation), generation, weight);

    private static void Enter(ReplicaTarget target, int sessions)
    {
        for (int i = 0; i < sessions; i++)
        {
            target.Enter();
        }
    }
}
