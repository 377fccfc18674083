using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Measures;

/// <summary>Runs of several contestants in turn: of each, for each round, the one or more that it had in it.</summary>
/// <typeparam name="TRun">What one run gives.</typeparam>
internal sealed class Rounds<TRun>(IReadOnlyDictionary<string, TRun[][]> runs)
{
    /// <param name="measure">For messages.</param>
    /// <param name="rounds">How many.</param>
    /// <param name="contestants">
    /// By the key under which their runs are found, in their order. Who is in it more often has several runs in each round.
    /// </param>
    /// <param name="run">One run of one of them.</param>
    /// <param name="describe">A run in a few words.</param>
    public static async Task<Rounds<TRun>> RunAsync(
        string measure, int rounds, IReadOnlyList<string> contestants, Func<string, Task<TRun>> run, Func<TRun, string> describe)
    {
        var runs = contestants.Distinct().ToDictionary(key => key, _ => new TRun[rounds][]);
        for (int round = 0; round < rounds; round++)
        {
            foreach (TRun[][] own in runs.Values)
            {
                own[round] = [];
            }

            // Another one begins in each round, so that none always runs in the wake of the same other.
            int first = round % contestants.Count;
            foreach (string key in contestants.Skip(first).Concat(contestants.Take(first)))
            {
                TRun result = await run(key);
                runs[key][round] = [.. runs[key][round], result];
                await Bench.SayAsync($"{measure}: round {round + 1} of {rounds}, {key}: {describe(result)}");
            }
        }

        return new Rounds<TRun>(runs);
    }

    /// <summary>Null when that contestant did not run.</summary>
    public Spread? Of(string key, Func<TRun, double> figure) =>
        runs.TryGetValue(key, out TRun[][]? own) ? Spread.Of(own.SelectMany(round => round).Select(figure)) : null;

    /// <summary>
    /// A figure over another contestant's of the same round, means where one has several. Null when one of them did not run, or has no such
    /// figure.
    /// </summary>
    public Spread? Ratio(string key, string of, Func<TRun, double> figure)
    {
        if (key == of || !runs.TryGetValue(key, out TRun[][]? own) || !runs.TryGetValue(of, out TRun[][]? others))
        {
            return null;
        }

        double[] ratios = [.. own.Zip(others, (round, other) => round.Average(figure) / other.Average(figure))];
        return ratios.All(r => r > 0 && double.IsFinite(r)) ? Spread.Of(ratios) : null;
    }
}
