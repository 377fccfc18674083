using RedisProxy.ProcessTests.Harness;
using RedisProxy.Tests.Resp;

using Xunit.Sdk;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>
/// Clients that know nothing of each other, some of them hostile, on one shared link to a real server. Every reply says whose it is, and
/// each client must get its own, all of them, in order, and nothing else. <c>REDISPROXY_TEST_SECONDS</c> goes on for so long,
/// <c>REDISPROXY_TEST_SEED</c> repeats the clients of one round until then;
/// <c>REDISPROXY_STRANGERS_REQUESTS</c> goes on to so many requests in the second of these tests, without a limit of time.
/// </summary>
[Collection(HeavyLoad.Tests)]
public sealed class StrangersTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(8);

    [Fact]
    public async Task Streams_OfStrangersOnOneLink_AreAnsweredEachToItsOwner()
    {
        await using StrangersBed bed = await StrangersBed.StartAsync();
        await bed.CheckIsSharedAsync();
        var run = new StrangersRun(bed);
        await run.RunAsync(Seeded.TimeBox ?? Usual, Seeded.Fixed);
        output.WriteLine(run.Summary);
        if (run.Find.Length > 0)
        {
            throw new XunitException($"{run.Find}\n{run.Summary}\n{bed.Log}");
        }
    }

    [Fact]
    public async Task Volume_OfStrangersOnOneLink_IsAnsweredEachToItsOwner()
    {
        await using StrangersBed bed = await StrangersBed.StartAsync();
        using var run = new VolumeRun(bed, Seeded.Fixed ?? Random.Shared.Next());
        bool isCounted = long.TryParse(Environment.GetEnvironmentVariable("REDISPROXY_STRANGERS_REQUESTS"), out long requests);
        await run.RunAsync(
            isCounted ? TimeSpan.MaxValue : Seeded.TimeBox ?? Usual,
            isCounted ? requests : long.MaxValue);
        output.WriteLine(run.Summary);
        if (run.Find is not null || bed.HasEnded)
        {
            throw new XunitException($"{run.Find}\n{run.Summary}\n{bed.Log}");
        }
    }
}
