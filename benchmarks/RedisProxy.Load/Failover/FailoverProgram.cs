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
        bool isGood = true;
        foreach (FailoverKind kind in options.Kinds)
        {
            isGood &= await FailOverAsync(kind, options);
        }

        return isGood;
    }

    private static async Task<bool> FailOverAsync(FailoverKind kind, FailoverOptions options)
    {
        await using FailoverStage stage = await FailoverStage.StartAsync(kind, options.DownAfter);
        var outcomes = new List<FailoverOutcome>();
        for (int i = 1; i <= options.Failovers; i++)
        {
            FailoverOutcome outcome = await stage.FailOverAsync();
            outcomes.Add(outcome);
            await SayAsync($"{kind.ToString().ToLowerInvariant()} {i} of {options.Failovers}: {FailoverReport.Row(outcome)}");
        }

        await PrintAsync(FailoverReport.Lines(kind, options, outcomes, await HostFacts.CollectAsync(stage.AnyServer)));
        return kind != FailoverKind.Planned || outcomes.All(o => o.Proxy.IsHonest && o.Proxy.ConnectionsLost == 0);
    }

    private static async Task PrintAsync(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            await Console.Out.WriteLineAsync(line);
        }
    }

    // Standard output is for the result.
    private static Task SayAsync(string text) => Console.Error.WriteLineAsync(text);
}
