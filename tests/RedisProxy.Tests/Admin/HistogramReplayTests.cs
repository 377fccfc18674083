using RedisProxy.Admin;
using RedisProxy.Topology;

namespace RedisProxy.Tests.Admin;

public sealed class HistogramReplayTests
{
    private static readonly int[] BoundsMs = [1, 2, 5, 10, 100, 1000];

    [Fact]
    public void CatchUp_InManySteps_GivesEveryBucketItsCountAndTheSum()
    {
        int seed = Random.Shared.Next();
        var random = new Random(seed);
        var histogram = new DurationHistogram(BoundsMs);
        var recorded = new HistogramReplay.Recorded(BoundsMs);
        var counts = new long[BoundsMs.Length + 1];
        double sum = 0;
        for (int step = 0; step < 200; step++)
        {
            for (int i = random.Next(30); i > 0; i--)
            {
                histogram.Add((long)Math.Exp(random.NextDouble() * 9) - 1);
            }

            foreach ((double seconds, long times) in recorded.CatchUp(histogram.Counts, histogram.Sum))
            {
                counts[BucketOf(seconds)] += times;
                sum += seconds * times;
            }

            Assert.True(histogram.Counts.SequenceEqual(counts), $"seed {seed}, step {step}: {string.Join(' ', counts)}");
            Assert.True(Math.Abs(histogram.Sum / 1000.0 - sum) < 1e-6, $"seed {seed}, step {step}: {sum}");
        }
    }

    [Fact]
    public void CatchUp_ValuesOnTheirBounds_StayInTheirBuckets()
    {
        var histogram = new DurationHistogram(BoundsMs);
        Array.ForEach([0, 1, 2, 5, 10, 100, 1000, 1001], ms => histogram.Add(ms));
        IReadOnlyList<(double Seconds, long Times)> values = new HistogramReplay.Recorded(BoundsMs).CatchUp(
            histogram.Counts, histogram.Sum);
        Assert.Equal(
            [(0, 2L), (1, 1L), (2, 1L), (3, 1L), (4, 1L), (5, 1L), (6, 1L)],
            values.Select(value => (BucketOf(value.Seconds), value.Times)));
        Assert.Equal(2.119, values.Sum(value => value.Seconds * value.Times), precision: 9);
    }

    [Fact]
    public void CatchUp_SumThatIsBehindItsCounts_IsMadeUpLater()
    {
        // 4 ms, as seen in the middle of being added: counted, and not in the sum yet.
        var recorded = new HistogramReplay.Recorded(BoundsMs);
        Assert.Equal([(0.003, 1L)], recorded.CatchUp([0, 0, 1, 0, 0, 0, 0], sum: 0));
        Assert.Empty(recorded.CatchUp([0, 0, 1, 0, 0, 0, 0], sum: 4));
        Assert.Equal([(0.005, 1L)], recorded.CatchUp([0, 0, 2, 0, 0, 0, 0], sum: 9));
        Assert.Equal([(0.004, 1L)], recorded.CatchUp([0, 0, 3, 0, 0, 0, 0], sum: 12));
    }

    [Fact]
    public void Recorded_IsBeyondASeriesThatBeganAnew()
    {
        var recorded = new HistogramReplay.Recorded(BoundsMs);
        recorded.CatchUp([0, 0, 0, 1, 0, 0, 0], sum: 7);
        Assert.False(recorded.IsBeyond([0, 0, 0, 1, 0, 0, 0]));
        Assert.True(recorded.IsBeyond([5, 0, 0, 0, 0, 0, 0]));
    }

    // As the SDK does.
    private static int BucketOf(double seconds)
    {
        int bucket = Array.FindIndex(BoundsMs, bound => seconds <= bound / 1000.0);
        return bucket < 0 ? BoundsMs.Length : bucket;
    }
}
