using RedisProxy.Topology;

namespace RedisProxy.Tests.Topology;

public class DurationHistogramTests
{
    [Fact]
    public void Add_CountsADurationInTheFirstBucketThatReachesIt()
    {
        var histogram = new DurationHistogram([10, 100]);
        foreach (int ms in (int[])[-5, 0, 10, 11, 100, 101, 5000])
        {
            histogram.Add(ms);
        }

        Assert.Equal([3, 2, 2], histogram.Counts);
        Assert.Equal(0 + 10 + 11 + 100 + 101 + 5000, histogram.Sum);
    }
}
