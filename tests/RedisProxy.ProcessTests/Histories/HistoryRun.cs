using System.Text.Json.Nodes;

using RedisProxy.Testing;
using RedisProxy.Testing.Histories;

namespace RedisProxy.ProcessTests.Histories;

/// <summary>One schedule from beginning to end: deployment, proxy, load, faults, verdict.</summary>
internal sealed class HistoryRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan QuietBefore = TimeSpan.FromMilliseconds(300);

    private readonly int _seed;
    private readonly HistoryLog _log;
    private readonly SentinelDeployment _deployment;
    private readonly ProxyProcess _proxy;
    private FaultRunner? _runner;
    private string _ended = "";

    private HistoryRun(int seed, FaultSchedule schedule, HistoryLog log, SentinelDeployment deployment, ProxyProcess proxy)
    {
        _seed = seed;
        _log = log;
        _deployment = deployment;
        _proxy = proxy;
        Schedule = schedule;
    }

    public FaultSchedule Schedule { get; }

    public int Failovers => _runner?.Failovers ?? 0;

    /// <param name="seed">Of the schedule and the requests.</param>
    /// <param name="failovers">How many.</param>
    /// <param name="isDurable">Replies to writes wait for a replica.</param>
    public static async Task<HistoryRun> StartAsync(int seed, int failovers, bool isDurable = false)
    {
        var log = new HistoryLog();
        SentinelDeployment deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            Sentinels = FaultSchedule.Sentinels,
            OnEvent = FaultRunner.Record(log),
            // The file is written before any reply and never synced, so that a kill costs nothing of it, nor does a slow disk.
            Server = new RedisServerOptions { AppendOnly = true, Lines = Identity.ServerLines },
        });
        try
        {
            await FixedData.WriteAsync(deployment.Servers[0], deployment.Servers.Count - 1);
            ProxyProcess proxy = await ProxyProcess.StartAsync(
                // Every connection shall live to the end, and its pops be judged like all else.
                OptionsFor(deployment, isDurable).With("replay.onUnknownBlocking", "error"));
            return new HistoryRun(seed, FaultSchedule.Random(seed, failovers), log, deployment, proxy);
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    public async Task<HistoryVerdict> ToEndAsync(Action<string> progress)
    {
        _runner = new FaultRunner(_deployment, _proxy.Process, _log, progress);
        await using (HistoryLoad load = HistoryLoad.Start(_proxy.Port, _log, _seed))
        {
            await Task.Delay(QuietBefore, TimeProvider.System);
            try
            {
                await _runner.RunAsync(Schedule);
            }
            catch (Exception e) when (e is TimeoutException or InvalidOperationException)
            {
                string text = $"REDISPROXY_TEST_SEED={_seed}\n{e.Message}\nThe schedule:\n{Schedule}";
                throw new InvalidOperationException($"{text}\n{Keep(text)}\nThe proxy's last lines:\n{_proxy.Process.LogTail}", e);
            }
        }

        await _deployment.WaitUntilHealthyAsync(Patience);
        RedisServer master = await _deployment.WaitForMasterAsync(null, Patience);
        _ended = EndedSessions(await _proxy.ScrapeAsync());
        return HistoryVerdict.Of(_log, await StoredState.ReadAsync(master));
    }

    public string Totals(HistoryVerdict verdict) => $"{Failovers} failovers; {verdict.Totals(_runner!.Done)}; {_ended}";

    /// <summary>Seed, schedule, and the shortest histories that show it; the proxy's log is kept.</summary>
    public string Explain(HistoryVerdict verdict)
    {
        string what = verdict.IsHonest ? verdict.DescribeExcused() : verdict.Describe();
        string text = $"REDISPROXY_TEST_SEED={_seed}\n{what}\n{Totals(verdict)}\nThe schedule:\n{Schedule}";
        return $"{text}\n{Keep(text)}";
    }

    public async ValueTask DisposeAsync()
    {
        if (_proxy.Process.HasExited)
        {
            // Reported already, with more than its end.
            await _proxy.KillAsync();
        }

        await _proxy.DisposeAsync();
        await _deployment.DisposeAsync();
    }

    private static ProxyProcessOptions OptionsFor(SentinelDeployment deployment, bool isDurable)
    {
        ProxyProcessOptions options = ProxyProcessOptions.For(deployment);
        var durable = new JsonObject { ["replicas"] = 1, ["timeout"] = "5s" };
        return !isDurable ? options : options with
        {
            Listeners = [options.Listeners[0] with { Settings = new Dictionary<string, JsonNode?> { ["durable"] = durable } }],
        };
    }

    // What the proxy itself says of it.
    private static string EndedSessions(MetricsSnapshot metrics)
    {
        IEnumerable<string> ended =
            from sample in metrics.Samples
            where sample.Name is "redisproxy_sessions_ended_total" or "redisproxy_sessions_pinned_total" && sample.Value > 0
            select $"{sample.Labels["reason"]} {sample.Value}";
        return $"sessions ended or pinned, by the proxy: {string.Join(", ", ended)}";
    }

    private string Keep(string text)
    {
        // Not in the temporary folder, which is gone when the tests have ended.
        string folder = Path.Combine(
            ProxyProgram.RepositoryRoot(), "TestResults", $"history-{_seed}-{TimeProvider.System.GetUtcNow():yyyyMMdd-HHmmss}");
        Directory.CreateDirectory(folder);
        File.Copy(_proxy.Process.LogFile, Path.Combine(folder, "proxy.log"));
        File.WriteAllText(Path.Combine(folder, "violations.txt"), text);
        File.WriteAllLines(Path.Combine(folder, "faults.txt"), _log.Faults.All);
        return $"The proxy's log, all violations shown and all faults are kept in {folder}.";
    }
}
