using System.Diagnostics;
using System.Globalization;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>Rounds of two to eight clients at once, each round from one seed.</summary>
internal sealed class StrangersRun(StrangersBed bed)
{
    // What clients that went away have left behind.
    private const int RoundsOfData = 200;

    private static readonly TimeSpan Report = TimeSpan.FromSeconds(15);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _nextReport = Report;

    public int Rounds { get; private set; }

    public long Clients { get; private set; }

    public long Replies { get; private set; }

    public int Crossed { get; private set; }

    /// <summary>Empty: there was none.</summary>
    public string Find { get; private set; } = "";

    public string Summary => string.Create(CultureInfo.InvariantCulture,
        $"{Rounds} rounds of {Clients} clients in {_clock.Elapsed.TotalSeconds:0} s, {Replies} replies checked, {Crossed} crossed");

    /// <param name="time">It goes on for so long, or to the first find.</param>
    /// <param name="seed">Null: others in every run.</param>
    public async Task RunAsync(TimeSpan time, int? seed)
    {
        while (_clock.Elapsed < time && Find.Length == 0)
        {
            await RoundAsync(seed ?? Random.Shared.Next());
            if (_clock.Elapsed >= _nextReport)
            {
                _nextReport += Report;
                ProgressFile.Say(Summary);
            }
        }
    }

    private async Task RoundAsync(int seed)
    {
        var random = new Random(seed);
        StrangerClient[] clients = [.. Enumerable.Range(0, random.Next(2, 9)).Select(_ => NewClient(StrangerPlans.Make(random, Rounds)))];
        await Task.WhenAll(clients.Select(client => client.RunAsync(bed.Port)));
        Rounds++;
        Clients += clients.Length;
        Replies += clients.Sum(static client => client.Judge.Answered);
        StrangerClient[] wronged = [.. clients.Where(static client => client.Judge.Fault is not null)];
        Crossed += wronged.Count(static client => client.Judge.IsCrossed);
        if (wronged.Length > 0)
        {
            IEnumerable<string> faults =
                wronged.Select(static client => $"{client.Judge.Fault}\n  after {client.Plan.Around(client.Judge.Answered)}");
            IEnumerable<string> plans = clients.Select(static client => client.Plan.ToString());
            string text = string.Create(CultureInfo.InvariantCulture,
                $"After {_clock.Elapsed.TotalSeconds:0.0} s: REDISPROXY_TEST_SEED={seed}: {string.Join("\n  ", [.. faults, .. plans])}");
            Find = string.Concat(text.Select(static c => c < ' ' && c != '\n' ? '·' : c));
        }
        else if (bed.HasEnded)
        {
            Find = string.Create(CultureInfo.InvariantCulture, $"REDISPROXY_TEST_SEED={seed}: the proxy has ended: {bed.Log}");
        }

        Array.ForEach(clients, static client => client.Dispose());
        if (Rounds % RoundsOfData == 0)
        {
            await bed.EmptyAsync();
        }
    }

    private StrangerClient NewClient(StrangerPlan plan)
    {
        bed.Register(plan.Owner);
        return new StrangerClient(plan, new ReplyJudge(plan.Owner, plan.Expected, bed.IsKnown) { End = plan.End });
    }
}
