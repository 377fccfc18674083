using RedisProxy.Load.Measures;
using RedisProxy.Load.Reporting;

namespace RedisProxy.Tests.Load;

public sealed class RoundsTests
{
    [Fact]
    public async Task Ratio_IsTakenWithinARound()
    {
        Rounds<double> rounds = await RunsAsync();

        Ratio? ratio = rounds.Ratio("proxy", "haproxy", run => run);

        // Of 0.9, 0.9, 1.0 and the means of every two of them: 0.9, 0.95, 0.95.
        Assert.Equal(new Ratio(0.9, 0.925, 1, 0), ratio);
        Assert.Equal(3, rounds.Count);
    }

    [Fact]
    public async Task Ratio_OneOfThemHadFurtherRounds_IsOfThoseThatBothHad()
    {
        Rounds<double> rounds = await RunsAsync();
        await rounds.AddAsync(["haproxy"], 4);

        Assert.Equal(new Ratio(0.9, 0.925, 1, 0), rounds.Ratio("proxy", "haproxy", run => run));
        Assert.Equal(new Spread(9, 10, 100), rounds.Of("haproxy", run => run));
    }

    [Fact]
    public void Ratio_OneRoundWasDisturbed_MovesNeitherTheCentreNorTheErrorMuch()
    {
        double[] rounds = [.. Enumerable.Range(0, 25).Select(i => 0.90 + (i * 0.01))];

        Ratio calm = Ratio.Of(rounds);
        Ratio disturbed = Ratio.Of([.. rounds[..^1], 50]);

        Assert.Equal(1.02, calm.Centre, 0.001);
        Assert.Equal(1.02, disturbed.Centre, 0.01);
        // The mean's would be the standard deviation of 0.0721 over 5.
        Assert.Equal(0.0144, calm.Error, 0.005);
        Assert.Equal(calm.Error, disturbed.Error, 0.001);
        Assert.Equal(50, disturbed.Most);
    }

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
        Assert.Equal(0.5 * ((1 / 2.5) + (6 / 4.5)), rounds.Ratio("a", "b", run => run)?.Centre);
    }

    [Fact]
    public async Task Ratio_WithoutTheOtherOrItsFigure_IsNone()
    {
        Rounds<double> rounds = await RunsAsync();

        Assert.Null(rounds.Ratio("proxy", "floor", run => run));
        Assert.Null(rounds.Ratio("proxy", "direct", run => run));
        Assert.Null(rounds.Ratio("proxy", "proxy", run => run));
    }

    [Fact]
    public async Task DecideAsync_BarThatIsNotDecided_AddsRoundsUntilItIsOrThereAreTheMost()
    {
        var runs = new Queue<double>(Enumerable.Repeat(1.0, 10));
        Rounds<double> rounds = new("test", key => Task.FromResult(runs.Dequeue()), run => "");
        await rounds.AddAsync(["a", "b"], 1);

        await rounds.DecideAsync(["b"], 4, () => [new Bar("cell", "ratio", 1, Limit.AtMost(1.01)) { Error = 0.017 / rounds.Count }]);
        Assert.Equal(4, rounds.Count);

        await rounds.DecideAsync(["b"], 9, () => [new Bar("cell", "ratio", 1, Limit.AtMost(1.01)) { Error = 0.024 / rounds.Count }]);
        Assert.Equal(5, rounds.Count);
        Assert.Equal(4, runs.Count);
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

    // In the second round the machine was busy: both were slow, and their ratio is as ever. In the third they ran twice.
    private static async Task<Rounds<double>> RunsAsync()
    {
        var left = new Dictionary<string, Queue<double>>
        {
            ["proxy"] = new([9, 90, 8, 12]),
            ["haproxy"] = new([10, 100, 9, 11, 10]),
            ["direct"] = new([0, 0, 0]),
        };
        Rounds<double> rounds = new("test", key => Task.FromResult(left[key].Dequeue()), run => "");
        await rounds.AddAsync(["proxy", "haproxy", "direct"], 3);
        await rounds.AddAsync(["proxy", "haproxy", "direct"], 3);
        await rounds.AddAsync(["proxy", "proxy", "haproxy", "haproxy", "direct"], 3);
        return rounds;
    }
}
