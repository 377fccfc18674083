using RedisProxy.Load.Measures;
using RedisProxy.Load.Reporting;

namespace RedisProxy.Tests.Load;

public sealed class RoundsTests
{
    private static readonly Rounds<double> Runs = new(new Dictionary<string, double[][]>
    {
        // In the second round the machine was busy: both were slow, and their ratio is as ever. In the third they ran twice.
        ["proxy"] = [[9], [90], [8, 12]],
        ["haproxy"] = [[10], [100], [9, 11]],
        ["direct"] = [[0], [0], [0]],
    });

    [Fact]
    public void Ratio_IsTakenWithinARound() => Assert.Equal(new Spread(0.9, 0.9, 1), Runs.Ratio("proxy", "haproxy", run => run));

    [Fact]
    public async Task RunAsync_ContestantNamedTwice_RunsTwiceInEachRoundAndNobodyAlwaysBegins()
    {
        var order = new List<string>();
        Rounds<double> rounds = await Rounds<double>.RunAsync(
            "test",
            2,
            ["a", "b", "b"],
            key =>
            {
                order.Add(key);
                return Task.FromResult(order.Count + 0.0);
            },
            run => "");
        Assert.Equal(["a", "b", "b", "b", "b", "a"], order);
        Assert.Equal(new Spread(2, 3.5, 5), rounds.Of("b", run => run));
        Assert.Equal(new Spread(1 / 2.5, 0.5 * ((1 / 2.5) + (6 / 4.5)), 6 / 4.5), rounds.Ratio("a", "b", run => run));
    }

    [Fact]
    public void Ratio_WithoutTheOtherOrItsFigure_IsNone()
    {
        Assert.Null(Runs.Ratio("proxy", "floor", run => run));
        Assert.Null(Runs.Ratio("proxy", "direct", run => run));
        Assert.Null(Runs.Ratio("proxy", "proxy", run => run));
    }

    [Fact]
    public void Spread_OfAnEvenNumber_HasTheMiddleOfTwo() => Assert.Equal(new Spread(1, 2.5, 9), Spread.Of([9, 3, 1, 2]));

    [Fact]
    public void ScannerFigures_AreReadAsTheyAreWritten()
    {
        Dictionary<string, ScannerFigure> figures = ScannerFigure.Parse(["RequestScanning.Sets\t32.5\t100", "ReplyScanning.Oks\t3\t"]);

        Assert.Equal(100 / 32.5, figures["RequestScanning.Sets"].Gigabytes);
        Assert.Null(figures["ReplyScanning.Oks"].Gigabytes);
    }
}
