using System.Globalization;
using Xunit.Sdk;

namespace RedisProxy.Tests.Resp;

/// <summary>
/// Runs a check with many seeds, other ones in every run. A failure names its seed; to repeat it, set the environment variable
/// <c>REDISPROXY_TEST_SEED</c> to it.
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
        int.TryParse(Environment.GetEnvironmentVariable(Variable), NumberStyles.None, CultureInfo.InvariantCulture, out int seed)
            ? [seed]
            : Enumerable.Range(0, count).Select(_ => Random.Shared.Next());
}
