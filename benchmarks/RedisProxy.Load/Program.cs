using System.ComponentModel;
using System.Diagnostics;
using System.Net.Sockets;

using RedisProxy.Load;
using RedisProxy.Load.Failover;
using RedisProxy.Load.Measures;
using RedisProxy.Load.Reporting;

if (args is ["failover", ..])
{
    return await FailoverProgram.RunAsync(args[1..]);
}

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

long start = Stopwatch.GetTimestamp();
try
{
    await using Bench bench = await Bench.StartAsync(options);
    var results = new List<MeasureResult>();
    foreach (Measure measure in options.Measures)
    {
        results.Add(await RunAsync(bench, measure));
    }

    IReadOnlyList<string> facts = await HostFacts.CollectAsync(bench.Redis);
    foreach (string line in LoadReport.Lines(options, results, facts, Stopwatch.GetElapsedTime(start)))
    {
        Console.WriteLine(line);
    }

    bool isFailed = results.Any(r => r.IsFailed) || (options.Check && results.Any(r => r.Bars.Any(b => !b.IsPassed)));
    return isFailed ? 1 : 0;
}
catch (Exception e) when (IsExpected(e))
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}

// One that fails does not take the results of the others with it.
async Task<MeasureResult> RunAsync(Bench bench, Measure measure)
{
    try
    {
        return await measure.RunAsync(bench);
    }
    catch (Exception e) when (IsExpected(e))
    {
        await Bench.SayAsync($"{measure.Key}: {e.Message}");
        return MeasureResult.Failed(measure.Key, e.Message.Split('\n')[0]);
    }
}

static bool IsExpected(Exception e) =>
    e is InvalidOperationException or TimeoutException or IOException or SocketException or Win32Exception or HttpRequestException;
