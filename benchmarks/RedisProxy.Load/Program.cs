using System.Globalization;
using System.Net.Sockets;

using RedisProxy.Load;
using RedisProxy.Testing;

LoadOptions options;
try
{
    options = LoadOptions.Parse(args);
}
catch (FormatException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 2;
}

if (options.ShowHelp)
{
    Console.WriteLine(LoadOptions.Help);
    return 0;
}

var targets = new List<Target>();
try
{
    await using RedisServer redis = await RedisServer.StartAsync();
    try
    {
        foreach (string key in options.Targets.Distinct())
        {
            targets.Add(await Target.StartAsync(key, redis));
        }

        var results = new List<CellResult>();
        foreach (Cell cell in options.Cells)
        {
            await RedisBenchmark.PrepareAsync(redis, cell);
            results.Add(await MeasureAsync(cell));
        }

        foreach (string line in LoadReport.Lines(options, targets, results, await HostFacts.CollectAsync(redis)))
        {
            Console.WriteLine(line);
        }

        return options.Check ? await CheckAsync(results[0]) : 0;
    }
    finally
    {
        foreach (Target target in targets)
        {
            await target.DisposeAsync();
        }
    }
}
catch (Exception e) when (e is InvalidOperationException or TimeoutException or IOException or SocketException
    or System.ComponentModel.Win32Exception)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}

async Task<CellResult> MeasureAsync(Cell cell)
{
    long requests = cell.Requests(options.Requests);
    var runs = targets.ToDictionary(t => t.Key, _ => new List<Run>());
    foreach (Target target in targets)
    {
        // Not counted: the runtime compiles its hot paths again during the first hundred thousand requests, and everybody fills caches.
        await SayAsync($"{cell.Key}: warming up {target.Name}");
        await RedisBenchmark.RunAsync(target, cell, requests / 2);
    }

    for (int round = 0; round < options.Rounds; round++)
    {
        // Another one begins in each round, so that none always runs in the wake of the same other.
        foreach (Target target in targets.Skip(round % targets.Count).Concat(targets.Take(round % targets.Count)))
        {
            Run run = await RedisBenchmark.RunAsync(target, cell, requests);
            runs[target.Key].Add(run);
            await SayAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{cell.Key}: round {round + 1} of {options.Rounds}, {target.Name}: {run.RequestsPerSecond:N0}/s{Cpu(target, run)}"));
        }
    }

    return new CellResult(cell, requests, runs.ToDictionary(r => r.Key, r => (IReadOnlyList<Run>)r.Value));
}

async Task<int> CheckAsync(CellResult first)
{
    double ratio = first.Ratio(Target.ProxyKey, Target.HaproxyKey, r => r.CpuPerRequest)!.Median;
    bool passes = ratio <= LoadOptions.CheckLimit;
    string verdict = passes ? "passed" : "FAILED";
    await SayAsync(string.Create(
        CultureInfo.InvariantCulture,
        $"check: CPU per request is {ratio:0.00} × HAProxy's, at most {LoadOptions.CheckLimit:0.00} is allowed: {verdict}"));
    return passes ? 0 : 1;
}

static string Cpu(Target target, Run run) => target.Forwarder is null
    ? ""
    : string.Create(CultureInfo.InvariantCulture, $", CPU {run.CpuPerRequest:0.00} µs/request");

// Standard output is for the result.
static Task SayAsync(string text) => Console.Error.WriteLineAsync(text);
