using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Measures;

/// <summary>Runs of several contestants in turn: of each, for each round, the one or more that it had in it.</summary>
/// <typeparam name="TRun">What one run gives.</typeparam>
/// <param name="measure">For messages.</param>
/// <param name="run">One run of one of them.</param>
/// <param name="describe">A run in a few words.</param>
internal sealed class Rounds<TRun>(string measure, Func<string, Task<TRun>> run, Func<TRun, string> describe)
{
    private readonly Dictionary<string, List<TRun[]>> _runs = [];

    /// <summary>How many there were.</summary>
    public int Count { get; private set; }

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
        var all = new Rounds<TRun>(measure, run, describe);
        while (all.Count < rounds)
        {
            await all.AddAsync(contestants, rounds);
        }

        return all;
    }

    /// <summary>One more round.</summary>
    /// <param name="contestants">Some of those of the rounds before, or all.</param>
    /// <param name="most">How many rounds there may be; for messages.</param>
    public async Task AddAsync(IReadOnlyList<string> contestants, int most)
    {
        var round = new Dictionary<string, List<TRun>>();
        // Another one begins in each round, so that none always runs in the wake of the same other.
        int first = Count++ % contestants.Count;
        foreach (string key in contestants.Skip(first).Concat(contestants.Take(first)))
        {
            TRun result = await run(key);
            round.TryAdd(key, []);
            round[key].Add(result);
            await Bench.SayAsync($"{measure}: round {Count} of {most}, {key}: {describe(result)}");
        }

        foreach ((string key, List<TRun> runs) in round)
        {
            _runs.TryAdd(key, []);
            _runs[key].Add([.. runs]);
        }
    }

    /// <summary>Further rounds, while another series of them could come to another verdict on a bar.</summary>
    /// <param name="contestants">Those that the bars are about, as for <see cref="AddAsync"/>.</param>
    /// <param name="most">How many rounds there may be.</param>
    /// <param name="bars">By the rounds until now.</param>
    public async Task DecideAsync(IReadOnlyList<string> contestants, int most, Func<IReadOnlyList<Bar>> bars)
    {
        while (Count < most && bars().Any(bar => !bar.IsDecided))
        {
            await AddAsync(contestants, most);
        }
    }

    /// <summary>Null when that contestant did not run.</summary>
    public Spread? Of(string key, Func<TRun, double> figure) =>
        _runs.TryGetValue(key, out List<TRun[]>? own) ? Spread.Of(own.SelectMany(round => round).Select(figure)) : null;

    /// <summary>
    /// A figure over another contestant's of the same round, means where one has several. Null when one of them did not run, or has no such
    /// figure.
    /// </summary>
    public Ratio? Ratio(string key, string of, Func<TRun, double> figure)
    {
        if (key == of || !_runs.TryGetValue(key, out List<TRun[]>? own) || !_runs.TryGetValue(of, out List<TRun[]>? others))
        {
            return null;
        }

        double[] ratios = [.. own.Zip(others, (round, other) => round.Average(figure) / other.Average(figure))];
        return ratios.All(r => r > 0 && double.IsFinite(r)) ? Reporting.Ratio.Of(ratios) : null;
    }
}
