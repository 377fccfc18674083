using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Hosting;

/// <summary>
/// A successor looks for its masters before it touches any address. Until it has found them the process that waits for it serves clients
/// better; and if it never does, it ends without a trace: no client has come to it, and no unix socket is in the place of the other one's.
/// </summary>
internal static class FirstLook
{
    // Together less than the other process waits, so that the reason is in the log.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan LookWithin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    /// <exception cref="IOException">A master cannot be found, or does not answer.</exception>
    public static async Task FindMastersAsync(ProxyOptions options, TopologyContext context, ILogger log, CancellationToken cancel)
    {
        long began = context.Time.GetTimestamp();
        string problem = "";
        while (await ProblemAsync(options, context, cancel) is { } now)
        {
            if (context.Time.GetElapsedTime(began) > Patience)
            {
                throw new IOException($"{now}, for {Patience.TotalSeconds} s");
            }

            if (now != problem)
            {
                problem = now;
                HostingLog.LooksForMaster(log, problem);
            }

            await Task.Delay(LookInterval, context.Time, cancel);
        }
    }

    private static async Task<string?> ProblemAsync(ProxyOptions options, TopologyContext context, CancellationToken cancel)
    {
        try
        {
            IReadOnlyList<MasterCheck> masters = await TopologyCheck.RunAsync(options, context, LookWithin, cancel);
            return masters.FirstOrDefault(static master => !master.IsGood) is { } missing
                ? $"no master of '{missing.MasterName}': {missing.Probe?.Detail ?? missing.Reason}"
                : null;
        }
        catch (TimeoutException late)
        {
            return late.Message;
        }
    }
}
