using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

public sealed class SentinelDistanceTests
{
    private readonly SentinelDistance _distance = new();

    [Fact]
    public void TooFewAnswers_AreNoDistance()
    {
        for (int i = 1; i < SentinelDistance.Window; i++)
        {
            Assert.False(Add(200));
            Assert.False(_distance.IsFar);
        }

        Assert.True(Add(200));
        Assert.True(_distance.IsFar);
    }

    [Fact]
    public void OneQuickAnswerAmongSlowOnes_IsNear()
    {
        Add(1);
        for (int i = 1; i < SentinelDistance.Window; i++)
        {
            Assert.False(Add(500));
        }

        Assert.False(_distance.IsFar);
        Assert.Equal(TimeSpan.FromMilliseconds(1), _distance.Best);
    }

    [Fact]
    public void Far_OneQuickAnswer_IsNearAgain()
    {
        for (int i = 0; i < SentinelDistance.Window; i++)
        {
            Add(31);
        }

        Assert.True(_distance.IsFar);
        Assert.True(Add(29));
        Assert.False(_distance.IsFar);
    }

    // The kernel counts in ticks, so an answer may seem to have come before it was asked for.
    [Fact]
    public void AnswerOfLessThanNothing_CountsAsNothing()
    {
        for (int i = 0; i < SentinelDistance.Window; i++)
        {
            Assert.False(Add(-4));
        }

        Assert.Equal(TimeSpan.Zero, _distance.Best);
    }

    private bool Add(double ms) => _distance.Add(TimeSpan.FromMilliseconds(ms));
}
