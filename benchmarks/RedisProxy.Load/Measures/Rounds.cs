using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Measures;

/// <summary>Runs of several contestants in turn: of each as many as there were rounds, in their order.</summary>
/// <typeparam name="TRun">What one run gives.</typeparam>
internal sealed class Rounds<TRun>(IReadOnlyDictionary<string, IReadOnlyList<TRun>> runs)
{
    /// <param name="measure">For messages.</param>
    /// <param name="rounds">How many.</param>
    /// <param name="contestants">By the key under which their runs are found.</param>
    /// <param name="run">One run of one of them.</param>
    /// <param name="describe">A run in a few words.</param>
    public static async Task<Rounds<TRun>> RunAsync(
        string measure, int rounds, IReadOnlyList<string> contestants, Func<string, Task<TRun>> run, Func<TRun, string> describe)
    {
        var runs = contestants.ToDictionary(key => key, _ => new List<TRun>());
        for (int round = 0; round < rounds; round++)
        {
            // Another one begins in each round, so that none always runs in the wake of the same other.
            int first = round % contestants.Count;
            foreach (string key in contestants.Skip(first).Concat(contestants.Take(first)))
            {
                TRun result = await run(key);
                runs[key].Add(result);
                await Bench.SayAsync($"{measure}: round {round + 1} of {rounds}, {key}: {describe(result)}");
            }
        }

        return new Rounds<TRun>(runs.ToDictionary(r => r.Key, r => (IReadOnlyList<TRun>)r.Value));
    }

    /// <summary>Null when that contestant did not run.</summary>
    public Spread? Of(string key, Func<TRun, double> figure) =>
        runs.TryGetValue(key, out IReadOnlyList<TRun>? own) ? Spread.Of(own.Select(figure)) : null;

    /// <summary>A figure over another contestant's of the same round. Null when one of them did not run, or has no such figure.</summary>
    public Spread? Ratio(string key, string of, Func<TRun, double> figure)
    {
        if (key == of || !runs.TryGetValue(key, out IReadOnlyList<TRun>? own) || !runs.TryGetValue(of, out IReadOnlyList<TRun>? others))
        {
            return null;
        }

        double[] ratios = [.. own.Zip(others, (run, other) => figure(run) / figure(other))];
        return ratios.All(r => r > 0 && double.IsFinite(r)) ? Spread.Of(ratios) : null;
    }
}
