using System.Diagnostics;
using System.Globalization;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Fuzz.Strangers;

/// <summary>As many requests as possible on one link, and clients of every kind come and go beside them.</summary>
internal sealed class VolumeRun(StrangersBed bed, int seed) : IDisposable
{
    private const int Clients = 7;
    private const int Visitors = 2;

    private static readonly TimeSpan Report = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private readonly Stopwatch _clock = new();
    private readonly CancellationTokenSource _end = new();
    private VolumeClient[] _clients = [];
    private string? _visitorFault;
    private int _visits;
    private long _visitReplies;
    private int _crossedVisits;
    private int _looks;
    private int _connections;

    public long Replies => _clients.Sum(static client => client.Replies) + Interlocked.Read(ref _visitReplies);

    public int Crossed => _clients.Count(static client => client.IsCrossed) + _crossedVisits;

    /// <summary>Null: all is well.</summary>
    public string? Find =>
        _visitorFault ?? _clients.Select(static client => client.Fault).FirstOrDefault(static fault => fault is not null);

    public string Summary => string.Create(CultureInfo.InvariantCulture,
        $"seed {seed}: {Replies} requests checked in {_clock.Elapsed.TotalSeconds:0} s, "
        + $"{Replies / _clock.Elapsed.TotalSeconds:0} a second; "
        + $"{_clients.Sum(static client => client.Connections)} connections and {_visits} visitors, "
        + $"{(double)_connections / Math.Max(1, _looks):0.0} connections at the server for {Clients + Visitors}; {Crossed} crossed");

    /// <summary>Ends after the time, after so many requests, or with the first find.</summary>
    public async Task RunAsync(TimeSpan time, long requests)
    {
        var random = new Random(seed);
        _clients = [.. Enumerable.Range(0, Clients).Select(_ => NewClient(new Random(random.Next())))];
        _clock.Start();
        Task[] all =
        [
            .. _clients.Select(client => Task.Run(() => client.RunAsync(bed.Port))),
            .. Enumerable.Range(0, Visitors).Select(_ => VisitAsync(random.Next())),
        ];
        await WatchAsync(time, requests);
        await _end.CancelAsync();
        await Task.WhenAny(Task.WhenAll(all), Task.Delay(Silence, TimeProvider.System));
        Assert.All(all, static task =>
            Assert.True(task.IsCompletedSuccessfully, task.Exception?.ToString() ?? "a client waits for a reply"));
    }

    public void Dispose() => _end.Dispose();

    private async Task WatchAsync(TimeSpan time, long requests)
    {
        long[] before = new long[Clients];
        TimeSpan[] heard = new TimeSpan[Clients];
        TimeSpan nextReport = Report;
        while (_clock.Elapsed < time && Replies < requests && Find is null && !bed.HasEnded)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            for (int i = 0; i < Clients; i++)
            {
                heard[i] = before[i] == _clients[i].Replies ? heard[i] : _clock.Elapsed;
                before[i] = _clients[i].Replies;
                if (_clock.Elapsed - heard[i] > Silence)
                {
                    _visitorFault ??= "a client gets no reply";
                }
            }

            if (_clock.Elapsed > nextReport)
            {
                nextReport += Report;
                _looks++;
                _connections += await bed.CountConnectionsAsync();
                ProgressFile.Say(Summary);
            }
        }
    }

    private async Task VisitAsync(int visitorSeed)
    {
        var random = new Random(visitorSeed);
        for (int round = 0; !_end.IsCancellationRequested && Find is null; round++)
        {
            StrangerPlan plan = StrangerPlans.Make(random, round);
            bed.Register(plan.Owner);
            using var client = new StrangerClient(plan, new ReplyJudge(plan.Owner, plan.Expected, bed.IsKnown) { End = plan.End });
            await client.RunAsync(bed.Port);
            Interlocked.Increment(ref _visits);
            Interlocked.Add(ref _visitReplies, client.Judge.Answered);
            if (client.Judge.Fault is { } fault)
            {
                _crossedVisits += client.Judge.IsCrossed ? 1 : 0;
                _visitorFault ??= $"{fault}\n  {plan}";
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20)), TimeProvider.System);
        }
    }

    private VolumeClient NewClient(Random random)
    {
        var owner = new Owner(random);
        bed.Register(owner);
        return new VolumeClient(random, owner, bed.IsKnown, _end.Token);
    }
}
