using System.Globalization;

namespace RedisProxy.Testing.Histories;

/// <summary>Applies a schedule to a deployment, step by step, and waits after each step until everything is healthy again.</summary>
internal sealed class FaultRunner(SentinelDeployment deployment, ChildProcess proxy, HistoryLog log, Action<string> progress)
{
    private const int StepsOfAProgressLine = 10;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ZombieOverlap = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<FaultKind, int> _done = [];
    private int _failovers;

    public IReadOnlyDictionary<FaultKind, int> Done => _done;

    /// <summary>How often another server became the master.</summary>
    public int Failovers => _failovers;

    /// <summary>Records the Sentinels' events that belong to the history.</summary>
    public static Action<SentinelEvent> Record(HistoryLog log) => e =>
    {
        if (e.IsAbort || e.Channel is "+switch-master" or "+promoted-slave" or "+odown" or "+elected-leader" or "+convert-to-slave")
        {
            log.Faults.Add(log.Now, $"{e.Sentinel.Name} {e.Channel} {e.Text}");
        }
    };

    public async Task RunAsync(FaultSchedule schedule)
    {
        TimeSpan start = log.Now;
        RedisServer master = await deployment.WaitForMasterAsync(null, Patience);
        for (int i = 0; i < schedule.Steps.Count; i++)
        {
            FaultStep step = schedule.Steps[i];
            await PauseAsync(step.Pause);
            if (proxy.HasExited)
            {
                throw new InvalidOperationException($"The proxy ended with exit code {await proxy.Exited} before step {i + 1}.");
            }

            try
            {
                await DoAsync(step, master);
                RedisServer now = await SettleAsync(step, master);
                _failovers += now == master ? 0 : 1;
                master = now;
            }
            catch (TimeoutException e)
            {
                throw new TimeoutException($"Step {i + 1} ({step}): {e.Message}", e);
            }

            _done[step.Kind] = _done.GetValueOrDefault(step.Kind) + 1;
            if ((i + 1) % StepsOfAProgressLine == 0 || i + 1 == schedule.Steps.Count)
            {
                progress(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{i + 1} of {schedule.Steps.Count} steps, {_failovers} failovers in {(log.Now - start).TotalSeconds:0} s, "
                    + $"{log.Requests} requests, {log.Violations.Count} violations seen"));
            }
        }
    }

    private async Task<RedisServer> SettleAsync(FaultStep step, RedisServer old)
    {
        RedisServer now = await deployment.WaitForMasterAsync(null, Patience);
        if (now != old && step.IsDemotedByHand)
        {
            RedisServer.Expect(await old.CallAsync("REPLICAOF", RedisServer.Host, $"{now.Port}"), "REPLICAOF");
        }

        await deployment.WaitUntilHealthyAsync(Patience);
        RedisServer master = await deployment.WaitForMasterAsync(null, Patience);
        Say($"healthy, the master is {master}");
        return master;
    }

    private async Task DoAsync(FaultStep step, RedisServer master)
    {
        Say($"{step.Kind} of {master}: {step}");
        SentinelServer sentinel = deployment.Sentinels[step.Sentinel];
        SentinelServer other = deployment.Sentinels[(step.Sentinel + 1) % deployment.Sentinels.Count];
        switch (step.Kind)
        {
            case FaultKind.Planned:
                await FailOverAsync(sentinel, master);
                break;
            case FaultKind.FailoverCommand:
                RedisServer.Expect(await master.CallAsync("FAILOVER", "TIMEOUT", "3000"), "FAILOVER");
                await deployment.WaitForMasterAsync(master, Patience);
                break;
            case FaultKind.Kill or FaultKind.Terminate:
                await EndAndComeBackAsync(step, master);
                break;
            case FaultKind.Zombie:
                Freeze(step.Kind, master);
                await deployment.WaitForMasterAsync(master, Patience);
                await PauseAsync(ZombieOverlap);
                master.Thaw();
                Say($"{master} thawed");
                break;
            case FaultKind.ShortFreeze:
                Freeze(step.Kind, master);
                await PauseAsync(step.Length);
                master.Thaw();
                Say($"{master} thawed");
                break;
            case FaultKind.QuickRestart:
                await KillAsync(step.Kind, master);
                await master.RestartAsync(keepData: true);
                Say($"{master} runs again");
                break;
            case FaultKind.KillClients:
                RedisServer.Expect(await master.CallAsync("CLIENT", "KILL", "TYPE", "normal"), "CLIENT KILL");
                break;
            case FaultKind.Sleep:
                string seconds = step.Length.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);
                RedisServer.Expect(await master.CallAsync("DEBUG", "SLEEP", seconds), "DEBUG SLEEP");
                break;
            case FaultKind.SentinelFrozen:
                sentinel.Freeze();
                await FailOverAsync(other, master);
                sentinel.Thaw();
                break;
            case FaultKind.SentinelKilled:
                await sentinel.KillAsync();
                await FailOverAsync(other, master);
                await sentinel.RestartAsync();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(step), step.Kind, "unknown");
        }
    }

    private async Task FailOverAsync(SentinelServer leader, RedisServer master)
    {
        await deployment.FailoverAsync(leader);
        await deployment.WaitForMasterAsync(master, Patience);
    }

    private async Task EndAndComeBackAsync(FaultStep step, RedisServer master)
    {
        if (step.Kind == FaultKind.Kill)
        {
            await KillAsync(step.Kind, master);
        }
        else
        {
            await master.TerminateAsync();
        }

        await deployment.WaitForMasterAsync(master, Patience);
        await master.RestartAsync(step.KeepData);
        Say($"{master} runs again");
    }

    private async Task KillAsync(FaultKind kind, RedisServer master)
    {
        TimeSpan from = log.Now;
        await master.KillAsync();
        log.Faults.AddStop(kind, from, log.Now);
        Say($"{master} killed");
    }

    private void Freeze(FaultKind kind, RedisServer master)
    {
        TimeSpan from = log.Now;
        master.Freeze();
        log.Faults.AddStop(kind, from, log.Now);
    }

    private void Say(string text) => log.Faults.Add(log.Now, text);

    private static Task PauseAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System);
}
