using System.Globalization;
using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;
using RedisProxy.Testing.Histories;
namespace RedisProxy.ProcessTests.Histories;

/// <summary>
/// Random faults against real processes under load of every kind, with an oracle that knows what each reply may be. A seed repeats the
/// schedule and the requests, not the moments; see <c>REDISPROXY_TEST_SEED</c>.
/// </summary>
[Collection(HeavyLoad.Tests)]
public sealed class RandomFailoverTests(ITestOutputHelper output)
{
    private const string SeedVariable = "REDISPROXY_TEST_SEED";
    private const string FailoversVariable = "REDISPROXY_TEST_FAILOVERS";
    private const int ShortSeed = 20260;

    [Fact]
    public Task EightRandomFailovers_UnderAllKindsOfLoad_AreHonest() => RunAsync(Number(SeedVariable) ?? ShortSeed, failovers: 8);

    [Fact]
    [Trait("Tier", "Long")]
    public Task TwoHundredRandomFailovers_UnderAllKindsOfLoad_AreHonest() =>
        RunAsync(Number(SeedVariable) ?? Random.Shared.Next(), Number(FailoversVariable) ?? 200);

    /// <summary>Replies to writes wait for a replica, so not even the moment of a fault excuses a lost one.</summary>
    [Fact]
    [Trait("Tier", "Long")]
    public Task TwoHundredRandomFailovers_OfADurableListener_LoseNothing() =>
        RunAsync(Number(SeedVariable) ?? Random.Shared.Next(), Number(FailoversVariable) ?? 200, isDurable: true);

    private async Task RunAsync(int seed, int failovers, bool isDurable = false)
    {
        await using var run = await HistoryRun.StartAsync(seed, failovers, isDurable);
        Say($"{SeedVariable}={seed}: {run.Schedule.Steps.Count} steps with {failovers} failovers");
        HistoryVerdict verdict = await run.ToEndAsync(Say);
        Say(run.Totals(verdict));
        if (!verdict.IsHonest || (isDurable && verdict.Excused.Count > 0))
        {
            Assert.Fail(run.Explain(verdict));
        }

        Assert.InRange(run.Failovers, failovers / 2, int.MaxValue);
    }

    private void Say(string line)
    {
        output.WriteLine(line);
        ProgressFile.Say(line);
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : null;
}
