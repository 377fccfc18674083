namespace RedisProxy.Testing;

/// <summary>
/// For promises about time. A machine that stalls breaks each of them now and then, a product that does not keep one breaks it every time;
/// so what comes late is tried again, from the start. Whatever does not depend on time is asserted in each attempt.
/// </summary>
public static class Attempts
{
    private const int Max = 3;

    /// <param name="attempt">The whole test, with processes of its own.</param>
    /// <param name="isInTime">Judges the result of an attempt.</param>
    /// <returns>All results; the last one is in time, or is the third.</returns>
    public static async Task<IReadOnlyList<T>> UntilInTimeAsync<T>(Func<Task<T>> attempt, Func<T, bool> isInTime)
    {
        List<T> results = [];
        do
        {
            results.Add(await attempt());
        }
        while (!isInTime(results[^1]) && results.Count < Max);
        return results;
    }
}
