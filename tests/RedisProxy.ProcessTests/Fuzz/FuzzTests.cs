using RedisProxy.ProcessTests.Harness;
using RedisProxy.Tests.Resp;

using Xunit.Sdk;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>
/// Random client streams, directly and through the proxy, with failovers, refusals, outages and cuts. A find prints its seed, the
/// shortest plan that shows it, and what both sides say. <c>REDISPROXY_TEST_SECONDS</c> goes on for so long,
/// <c>REDISPROXY_TEST_SEED</c> repeats a plan, <c>REDISPROXY_FUZZ_THEME</c> takes those of one theme only, and
/// <c>REDISPROXY_FUZZ_FINDS</c> goes on to that number of finds; <c>REDISPROXY_FUZZ_SECONDS</c> is for this test alone;
/// <c>REDISPROXY_FUZZ_SHRINK</c> tries so many plans to make a find shorter, 0: it is told as it is.
/// </summary>
[Collection(HeavyLoad.Tests)]
public sealed class FuzzTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Usual = TimeSpan.FromSeconds(20);

    private const int UsualSeries = 2026;

    // Most of their time they wait; more would only wait for the processors.
    private const int Lanes = 3;

    [Fact]
    public async Task Stream_DirectlyAndThroughTheProxy_IsTheSameToTheClient()
    {
        string finds = "";
        FuzzTheme? theme = Enum.TryParse(Environment.GetEnvironmentVariable("REDISPROXY_FUZZ_THEME"), out FuzzTheme one) ? one : null;
        _ = int.TryParse(Environment.GetEnvironmentVariable("REDISPROXY_FUZZ_FINDS"), out int maxFinds);
        int? shrinkBudget = int.TryParse(Environment.GetEnvironmentVariable("REDISPROXY_FUZZ_SHRINK"), out int tries) ? tries : null;
        TimeSpan? asked = int.TryParse(Environment.GetEnvironmentVariable("REDISPROXY_FUZZ_SECONDS"), out int seconds)
            ? TimeSpan.FromSeconds(seconds)
            : Seeded.TimeBox;
        var gate = new Lock();
        var run = new FuzzRun(asked ?? Usual, Lanes, Math.Max(1, maxFinds), theme, text =>
        {
            lock (gate)
            {
                finds += text + "\n";
            }
        })
        {
            ShrinkBudget = shrinkBudget ?? FuzzRun.UsualShrinkBudget,

            // A change is tried with the plans that the one before it has passed. Who asks for a time gets new ones.
            Series = asked is null ? UsualSeries : null,
        };
        await run.RunAsync(Seeded.Fixed);
        // What cannot be seen again is for those who look for it; it stops nobody else.
        output.WriteLine(finds + run.Summary);
        if (run.Finds.Any(find => asked is not null || find.IsRepeatable))
        {
            throw new XunitException(finds + run.Summary);
        }
    }
}
