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
    MeasuredDocument? document = MeasuredDocument.Open(options.MarkdownFile, options.Section);
    await using Bench bench = await Bench.StartAsync(options);
    var results = new List<MeasureResult>();
    foreach (Measure measure in options.Measures)
    {
        results.Add(await RunAsync(bench, measure));
    }

    IReadOnlyList<string> facts = await HostFacts.CollectAsync(bench.Redis, options.IsMultiplex);
    Bar[] bars = options.Check ? [.. results.SelectMany(r => r.Bars)] : [];
    string[] lines = [.. LoadReport.Lines(options, results, facts, Stopwatch.GetElapsedTime(start))];
    bool isWritten = await MeasuredDocument.PublishAsync(document, options.Section, lines, bars);
    if (options.Check)
    {
        Console.WriteLine();
        Console.WriteLine(LoadReport.Verdict(bars));
    }

    return isWritten && !results.Any(r => r.IsFailed) && bars.All(b => b.IsPassed) ? 0 : 1;
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
