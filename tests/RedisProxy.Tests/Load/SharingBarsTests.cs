using RedisProxy.Load;
using RedisProxy.Load.Measures;
using RedisProxy.Load.Reporting;
using RedisProxy.Load.Sharing;

namespace RedisProxy.Tests.Load;

public sealed class SharingBarsTests
{
    private static readonly Run HaproxyRun = new(100, 1, 1, 10) { RedisCpuPerRequest = 10 };
    private static readonly Run SharedRun = new(145, 1, 1, 7) { RedisCpuPerRequest = 4.9 };

    [Fact]
    public async Task Many_GainsAsWanted_PassesEveryBar()
    {
        IReadOnlyList<Bar> bars = await BarsAsync(SharingBars.Many, Cell.Many, SharedRun);

        Assert.All(bars, bar => Assert.True(bar.IsPassed, bar.Name));
        Assert.Equal(
            ["requests/s ÷ HAProxy", "CPU/request ÷ HAProxy", "redis CPU/request ÷ RedisProxy", "requests/s ÷ direct"],
            bars.Select(bar => bar.What));
        Assert.Equal(1.45, bars[0].Figure!.Value, 0.001);
        Assert.Equal(0.49, bars[2].Figure!.Value, 0.001);
        Assert.Equal(2, bars[0].Floor!.Value, 0.001);
    }

    [Fact]
    public async Task Many_GainsTooLittle_FailsTheBarsOfThat()
    {
        Assert.Equal(["requests/s ÷ HAProxy", "requests/s ÷ direct"], await MissedAsync(SharedRun with { RequestsPerSecond = 139 }));
        Assert.Equal(["CPU/request ÷ HAProxy"], await MissedAsync(SharedRun with { CpuPerRequest = 7.6 }));
        Assert.Equal(["redis CPU/request ÷ RedisProxy"], await MissedAsync(SharedRun with { RedisCpuPerRequest = 5.1 }));
    }

    [Fact]
    public async Task Base_AsksForLessThanTheOthers()
    {
        Run run = SharedRun with { RequestsPerSecond = 121, RedisCpuPerRequest = 7.4 };

        Assert.All(await BarsAsync(SharingBars.Base, Cell.Base, run), bar => Assert.True(bar.IsPassed, bar.Name));
        Assert.Equal(2, (await BarsAsync(SharingBars.Pipelined, Cell.Pipelined, run)).Count(bar => !bar.IsPassed));
    }

    [Fact]
    public async Task NoLoss_IsJudgedBesideOneConnectionForEach()
    {
        Bar kept = Assert.Single(await BarsAsync(SharingBars.NoLoss, Cell.Large, SharedRun with { RequestsPerSecond = 96 }));
        Bar lost = Assert.Single(await BarsAsync(SharingBars.NoLoss, Cell.Large, SharedRun with { RequestsPerSecond = 94 }));

        Assert.Equal((true, false), (kept.IsPassed, lost.IsPassed));
    }

    [Fact]
    public void Judged_AreThoseThatTheBarsAreAbout()
    {
        Assert.Contains(Target.DirectKey, SharingBars.Many.Contestants);
        Assert.All(
            [SharingBars.Base, SharingBars.Many, SharingBars.Pipelined, SharingBars.NoLoss],
            judgement => Assert.Contains(Target.SharedKey, judgement.Contestants));
    }

    private static async Task<IEnumerable<string>> MissedAsync(Run shared) =>
        (await BarsAsync(SharingBars.Many, Cell.Many, shared)).Where(bar => !bar.IsPassed).Select(bar => bar.What);

    private static async Task<IReadOnlyList<Bar>> BarsAsync(Judgement judgement, Cell cell, Run shared)
    {
        Rounds<Run> rounds = await Rounds<Run>.RunAsync(
            "test",
            2,
            [Target.DirectKey, Target.HaproxyKey, Target.ProxyKey, Target.SharedKey, Target.SharedFloorKey],
            key => Task.FromResult(key switch
            {
                Target.SharedKey => shared,
                Target.SharedFloorKey => HaproxyRun with { RequestsPerSecond = 200 },
                Target.DirectKey => HaproxyRun with { RequestsPerSecond = 150 },
                _ => HaproxyRun,
            }),
            run => "");
        return judgement.Bars(cell, rounds);
    }
}
