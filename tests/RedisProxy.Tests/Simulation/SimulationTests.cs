using System.Diagnostics;
using System.Globalization;

using RedisProxy.Tests.Resp;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// Thousands of failovers in virtual time, each run repeatable from its seed. <c>REDISPROXY_SIMULATED_FAILOVERS</c> asks for another
/// number of them, <c>REDISPROXY_SIMULATION_SEED</c> or <c>REDISPROXY_TEST_SEED</c> for a first seed, <c>REDISPROXY_TEST_SECONDS</c> for
/// as many as fit into that time, from a random seed; a failure prints the seed and what happened last.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int DefaultFailovers = 10_000;
    private const int DefaultFailoversOfSharedLinks = 3_000;
    private const int DefaultFailoversOfDurable = 300;
    private const int DefaultFailoversAmidTakeOvers = 300;
    private const int StoryLines = 150;

    [Theory]
    [InlineData(11, Features.None)]
    [InlineData(12, Features.None)]
    [InlineData(13, Features.None)]
    [InlineData(11, Features.SharedLinks)]
    [InlineData(12, Features.SharedLinks)]
    [InlineData(13, Features.SharedLinks)]
    [InlineData(11, Features.Durable)]
    [InlineData(11, Features.TakeOvers)]
    public void Run_SameSeedTwice_IsTheSameRun(int seed, Features features)
    {
        SimulationResult first = Simulation.Run(seed, features);
        SimulationResult second = Simulation.Run(seed, features, isRecording: true);
        Assert.Equal(first with { Story = second.Story }, second);
        Assert.NotEqual(first.Hash, Simulation.Run(seed + 1000, features).Hash);
    }

    [Fact]
    public void Run_TenThousandFailovers_NoRuleIsBroken() => Run(DefaultFailovers, Features.None);

    [Fact]
    public void Run_ThreeThousandFailoversOfSharedLinks_NoRuleIsBroken() => Run(DefaultFailoversOfSharedLinks, Features.SharedLinks);

    [Fact]
    public void Run_FailoversOfDurableSessions_NothingAcknowledgedIsLost() =>
        Run(DefaultFailoversOfDurable, Features.Durable, Features.Durable | Features.SharedLinks);

    [Fact]
    public void Run_TakeOversAmidFailovers_NoRuleIsBroken() => Run(
        DefaultFailoversAmidTakeOvers,
        Features.TakeOvers,
        Features.TakeOvers | Features.Durable,
        Features.TakeOvers | Features.SharedLinks);

    private void Run(int failovers, params Features[] features)
    {
        int wanted = NumberFrom("REDISPROXY_SIMULATED_FAILOVERS", failovers);
        int seed = Seeded.Fixed
            ?? NumberFrom("REDISPROXY_SIMULATION_SEED", Seeded.TimeBox is null ? 1 : Random.Shared.Next(int.MaxValue / 2));
        var clock = Stopwatch.StartNew();
        var total = new SimulationResult();
        for (; Seeded.TimeBox is { } time ? clock.Elapsed < time : total.Failovers < wanted; seed++)
        {
            Features chosen = features[seed % features.Length];
            SimulationResult result = Simulation.Run(seed, chosen);
            if (result.Violation is not null)
            {
                Assert.Fail(Describe(result, chosen));
            }

            total += result;
        }

        output.WriteLine($"{total.Failovers} failovers in {clock.Elapsed.TotalSeconds:F1} s, {total.Answers} answers: "
            + $"{total.Unknown} unknown, {total.NotExecuted} not executed, {total.Unconfirmed} not confirmed; "
            + $"{total.Resent} requests sent again");
        output.WriteLine($"{total.Moves} times a session that shared a link got one of its own");
        output.WriteLine($"{total.Adopted} times a session went to the other process");
        output.WriteLine($"{total.InDoubt} sessions ended because a change of their state was lost");
        output.WriteLine($"{total.Lost} acknowledged writes went with a master that was lost, or whose Sentinels were not heard");
    }

    private static string Describe(SimulationResult result, Features features)
    {
        // The same run once more, in words.
        string[] story = Simulation.Run(result.Seed, features, isRecording: true).Story.Split('\n');
        return $"seed {result.Seed} ({features}): {result.Violation}\n" + string.Join('\n', story.TakeLast(StoryLines));
    }

    private static int NumberFrom(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
