using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace RedisProxy.ProcessTests.Fuzz;

/// <summary>Lanes side by side, for so long or until there are enough finds.</summary>
internal sealed class FuzzRun(TimeSpan time, int lanes, int maxFinds, FuzzTheme? theme, Action<string> say)
{
    // A proxy is set up anew after so many plans.
    private const int PlansOfAProxy = 40;

    public const int UsualShrinkBudget = 120;

    private readonly ConcurrentQueue<FuzzFind> _finds = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    public IReadOnlyCollection<FuzzFind> Finds => _finds;

    /// <summary>See <see cref="FuzzLane.ShrinkBudget"/>.</summary>
    public int ShrinkBudget { get; init; } = UsualShrinkBudget;

    /// <summary>The same plans in every run, as far as its time goes; null: others each time.</summary>
    public int? Series { get; init; }

    public string Summary { get; private set; } = "";

    /// <param name="seed">Null: others in every run.</param>
    public async Task RunAsync(int? seed)
    {
        FuzzLane[] all = await Task.WhenAll(Enumerable.Range(0, seed is null ? lanes : 1).Select(_ => FuzzLane.StartAsync(ShrinkBudget)));
        await Task.WhenAll(all.Select((lane, i) =>
            Task.Run(() => RunAsync(lane, seed, Series is { } series ? new Random(series + i) : Random.Shared))));
        Summary = Summarise(all);
        foreach (FuzzLane lane in all)
        {
            await lane.DisposeAsync();
        }
    }

    private async Task RunAsync(FuzzLane lane, int? seed, Random random)
    {
        int settings = 0;
        for (int i = 0; _clock.Elapsed < time && _finds.Count < maxFinds; i++)
        {
            settings = i % PlansOfAProxy == 0 ? random.Next(FuzzSettings.Count) : settings;
            int own = seed ?? (random.Next() & ~(FuzzSettings.Count - 1)) + settings;
            double began = _clock.Elapsed.TotalSeconds;
            if (await lane.TryAsync(PlanGenerator.Make(own, theme)) is { } find)
            {
                _finds.Enqueue(find);
                say(string.Create(CultureInfo.InvariantCulture, $"After {began:0.0} s: {find.Text}"));
            }
        }
    }

    private string Summarise(FuzzLane[] all)
    {
        int rounds = all.Sum(static lane => lane.Rounds);
        IEnumerable<string> cuts = all.SelectMany(static lane => lane.Cuts)
            .GroupBy(static pair => pair.Key)
            .OrderBy(static group => group.Key)
            .Select(static group => $"{group.Key} {group.Sum(pair => pair.Value.Rounds)}, {group.Sum(pair => pair.Value.Cuts)} cut");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{rounds} rounds in {_clock.Elapsed.TotalSeconds:0} s; {string.Join("; ", cuts)}; {_finds.Count} finds");
    }
}
