using System.ComponentModel;
using System.Net.Sockets;

using RedisProxy.Load.Reporting;

namespace RedisProxy.Load.Failover;

/// <summary>What <c>benchmarks/failover</c> runs.</summary>
internal static class FailoverProgram
{
    /// <summary>Returns the exit code.</summary>
    public static async Task<int> RunAsync(IEnumerable<string> arguments)
    {
        FailoverOptions options;
        try
        {
            options = FailoverOptions.Parse(arguments);
        }
        catch (FormatException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }

        if (options.ShowHelp)
        {
            Console.WriteLine(FailoverOptions.Help);
            return 0;
        }

        try
        {
            return await MeasureAsync(options) ? 0 : 1;
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException or IOException or SocketException or Win32Exception)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    private static async Task<bool> MeasureAsync(FailoverOptions options)
    {
        MeasuredDocument? document = MeasuredDocument.Open(options.MarkdownFile, [.. options.Kinds.Select(FailoverReport.SectionOf)]);
        bool isGood = true;
        foreach (FailoverKind kind in options.Kinds)
        {
            isGood &= await FailOverAsync(kind, options, document);
        }

        return isGood;
    }

    private static async Task<bool> FailOverAsync(FailoverKind kind, FailoverOptions options, MeasuredDocument? document)
    {
        await using FailoverStage stage = await FailoverStage.StartAsync(kind, options.DownAfter);
        var outcomes = new List<FailoverOutcome>();
        for (int i = 1; i <= options.Failovers; i++)
        {
            FailoverOutcome outcome = await stage.FailOverAsync();
            outcomes.Add(outcome);
            await SayAsync($"{FailoverReport.SectionOf(kind)} {i} of {options.Failovers}: {FailoverReport.Row(outcome)}");
        }

        string[] lines = [.. FailoverReport.Lines(kind, options, outcomes, await HostFacts.CollectAsync(stage.AnyServer))];
        bool isWritten = await MeasuredDocument.PublishAsync(document, FailoverReport.SectionOf(kind), lines, []);
        return isWritten && (kind != FailoverKind.Planned || outcomes.All(o => o.Proxy.IsHonest && o.Proxy.ConnectionsLost == 0));
    }

    // Standard output is for the result.
    private static Task SayAsync(string text) => Console.Error.WriteLineAsync(text);
}
