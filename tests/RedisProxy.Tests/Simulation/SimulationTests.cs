using System.Diagnostics;
using System.Globalization;

using RedisProxy.Tests.Resp;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// Thousands of failovers in virtual time, each run repeatable from its seed. <c>REDISPROXY_SIMULATED_FAILOVERS</c> asks for another
/// number of them, <c>REDISPROXY_SIMULATION_SEED</c> for a first seed, <c>REDISPROXY_TEST_SECONDS</c> for as many as fit into that time,
/// from a random seed; a failure prints the seed and what happened last.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int DefaultFailovers = 10_000;
    private const int DefaultFailoversOfSharedLinks = 3_000;
    private const int StoryLines = 150;

    [Theory]
    [InlineData(11, false)]
    [InlineData(12, false)]
    [InlineData(13, false)]
    [InlineData(11, true)]
    [InlineData(12, true)]
    [InlineData(13, true)]
    public void Run_SameSeedTwice_IsTheSameRun(int seed, bool isSharing)
    {
        SimulationResult first = Simulation.Run(seed, isSharing);
        SimulationResult second = Simulation.Run(seed, isSharing, isRecording: true);
        Assert.Equal(first with { Story = second.Story }, second);
        Assert.NotEqual(first.Hash, Simulation.Run(seed + 1000, isSharing).Hash);
    }

    [Fact]
    public void Run_TenThousandFailovers_NoRuleIsBroken() => Run(DefaultFailovers, isSharing: false);

    [Fact]
    public void Run_ThreeThousandFailoversOfSharedLinks_NoRuleIsBroken() => Run(DefaultFailoversOfSharedLinks, isSharing: true);

    private void Run(int failovers, bool isSharing)
    {
        int wanted = NumberFrom("REDISPROXY_SIMULATED_FAILOVERS", failovers);
        int seed = NumberFrom("REDISPROXY_SIMULATION_SEED", Seeded.TimeBox is null ? 1 : Random.Shared.Next(int.MaxValue / 2));
        var clock = Stopwatch.StartNew();
        var total = new SimulationResult();
        for (; Seeded.TimeBox is { } time ? clock.Elapsed < time : total.Failovers < wanted; seed++)
        {
            SimulationResult result = Simulation.Run(seed, isSharing);
            if (result.Violation is not null)
            {
                Assert.Fail(Describe(result, isSharing));
            }

            total += result;
        }

        output.WriteLine($"{total.Failovers} failovers in {clock.Elapsed.TotalSeconds:F1} s, {total.Answers} answers: "
            + $"{total.Unknown} unknown, {total.NotExecuted} not executed; {total.Resent} requests sent again");
        output.WriteLine($"{total.Moves} times a session that shared a link got one of its own");
        output.WriteLine($"{total.InDoubt} sessions ended because a change of their state was lost");
        output.WriteLine($"{total.Lost} acknowledged writes went with a master that was lost, or whose Sentinels were not heard");
    }

    private static string Describe(SimulationResult result, bool isSharing)
    {
        // The same run once more, in words.
        string[] story = Simulation.Run(result.Seed, isSharing, isRecording: true).Story.Split('\n');
        return $"seed {result.Seed}: {result.Violation}\n" + string.Join('\n', story.TakeLast(StoryLines));
    }

    private static int NumberFrom(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
