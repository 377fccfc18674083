using System.Diagnostics;

namespace RedisProxy.Testing;

/// <summary>Waits for a condition by polling it, instead of sleeping and hoping.</summary>
public static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns once <paramref name="condition"/> holds.</summary>
    /// <param name="within">The longest wait.</param>
    /// <param name="condition">Evaluated repeatedly; an exception counts as "not yet".</param>
    /// <param name="what">Ends the sentence "Not within 5 s: …".</param>
    /// <exception cref="TimeoutException">It did not hold in time; the message has what was awaited and the last exception.</exception>
    public static Task Within(TimeSpan within, Func<Task<bool>> condition, string what) =>
        Within(within, condition, holds => holds, what);

    /// <inheritdoc cref="Within(TimeSpan, Func{Task{bool}}, string)"/>
    public static Task Within(TimeSpan within, Func<bool> condition, string what) =>
        Within(within, () => Task.FromResult(condition()), holds => holds, what);

    /// <summary>Asks until the answer is acceptable, and returns it. The failure message shows the last answer.</summary>
    /// <exception cref="TimeoutException">No answer was acceptable in time.</exception>
    public static async Task<T> Within<T>(TimeSpan within, Func<Task<T>> ask, Func<T, bool> accept, string what)
    {
        long start = Stopwatch.GetTimestamp();
        string last;
        Exception? error = null;
        do
        {
            try
            {
                T answer = await ask();
                if (accept(answer))
                {
                    return answer;
                }

                last = answer is bool ? "" : $" Last seen: {answer?.ToString() ?? "null"}.";
                error = null;
            }
#pragma warning disable CA1031 // Whatever the condition throws (refused, timed out…) means "not yet"; the last one is reported.
            catch (Exception e)
#pragma warning restore CA1031
            {
                last = $" Last look: {e.GetType().Name}: {e.Message}";
                error = e;
            }

            await Task.Delay(Interval, TimeProvider.System);
        }
        while (Stopwatch.GetElapsedTime(start) < within);

        throw new TimeoutException($"Not within {within.TotalSeconds:0.##} s: {what}.{last}", error);
    }
}
