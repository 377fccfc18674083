using System.Diagnostics;
using System.Globalization;

using Xunit.Sdk;

namespace RedisProxy.Tests.Resp;

/// <summary>
/// Runs a check with many seeds, other ones in every run. A failure names its seed; to repeat it, set the environment variable
/// <c>REDISPROXY_TEST_SEED</c> to it. <c>REDISPROXY_TEST_SECONDS</c> goes on for so long, instead of for a number of seeds.
/// </summary>
internal static class Seeded
{
    private const string Variable = "REDISPROXY_TEST_SEED";

    public static void Run(int count, Action<Random> check)
    {
        foreach (int seed in Seeds(count))
        {
            try
            {
                check(new Random(seed));
            }
            catch (Exception exception)
            {
                throw new XunitException(Explain(seed), exception);
            }
        }
    }

    public static async Task RunAsync(int count, Func<Random, Task> check)
    {
        foreach (int seed in Seeds(count))
        {
            try
            {
                await check(new Random(seed));
            }
            catch (Exception exception)
            {
                throw new XunitException(Explain(seed), exception);
            }
        }
    }

    private static string Explain(int seed) => string.Create(CultureInfo.InvariantCulture, $"failed with {Variable}={seed}");

    private static IEnumerable<int> Seeds(int count) =>
        Fixed is { } seed ? [seed]
        : TimeBox is { } time ? SeedsFor(time)
        : Enumerable.Range(0, count).Select(_ => Random.Shared.Next());

    /// <summary>The seed that is to be repeated; null: none.</summary>
    public static int? Fixed => Number(Variable);

    /// <summary>Null: everybody does what is usual.</summary>
    public static TimeSpan? TimeBox => Number("REDISPROXY_TEST_SECONDS") is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static IEnumerable<int> SeedsFor(TimeSpan time)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < time;)
        {
            yield return Random.Shared.Next();
        }
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : null;
}
