using RedisProxy.Testing;

namespace RedisProxy.Load.Failover;

/// <summary>
/// How soon many sessions are served again after the death of the master: a deployment with RedisProxy in front of it, and one kill per
/// round. The moment of the switch is that of the first Sentinel's <c>+switch-master</c>, as a subscriber of all Sentinels in this
/// process gets it, on the same clock as the replies; on a busy machine it may have waited for a processor for some milliseconds.
/// </summary>
internal sealed class RecoverStage : IAsyncDisposable
{
    private const int KeysAtOnce = 500;

    // Beyond the down time that Sentinel waits for: nothing but the failover itself shall end a request.
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(30);

    private readonly int _sessions;
    private readonly SentinelDeployment _deployment;
    private readonly ProxyProcess _proxy;

    private RecoverStage(int sessions, SentinelDeployment deployment, ProxyProcess proxy)
    {
        _sessions = sessions;
        _deployment = deployment;
        _proxy = proxy;
    }

    /// <summary>Any of them: they are all alike.</summary>
    public RedisServer AnyServer => _deployment.Servers[0];

    public static async Task<RecoverStage> StartAsync(int sessions, TimeSpan downAfter)
    {
        SentinelDeployment deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            DownAfter = downAfter,
            Timings = SentinelTimings.Default,
            Server = new RedisServerOptions { Lines = [$"maxclients {sessions + 1000}"] },
        });
        ProxyProcess? proxy = null;
        try
        {
            await StoreAsync(deployment.Servers[0], sessions);
            string timeout = $"{(downAfter + Hold).TotalMilliseconds:0}ms";
            proxy = await ProxyProcess.StartAsync(
                ProxyProcessOptions.For(deployment).With("hold.timeout", timeout).With("hold.maxOutage", timeout));
            return new RecoverStage(sessions, deployment, proxy);
        }
        catch
        {
            if (proxy is not null)
            {
                await proxy.DisposeAsync();
            }

            await deployment.DisposeAsync();
            throw;
        }
    }

    /// <summary>One kill. The deployment is ready for another one when this returns.</summary>
    public async Task<Recovery> RecoverAsync()
    {
        RedisServer old = await _deployment.SettleAsync();
        SentinelEventLog events = _deployment.Events;
        using SessionCrowd crowd = await OnAThreadAsync(() => SessionCrowd.Open(_proxy.Port, _sessions));
        TimeSpan killed = events.Now;
        await old.KillAsync();
        CrowdAnswers answers = await OnAThreadAsync(() =>
        {
            crowd.AskAll();
            return crowd.ReadAll(Hold, () => events.Now);
        });
        await events.WaitAsync("+switch-master", killed, DeploymentSteps.Patience);
        TimeSpan switched = events.Switches(killed).Values.Min();
        await DeploymentSteps.BringBackAsync(old, await _deployment.WaitForMasterAsync(old, DeploymentSteps.Patience));
        await _deployment.SettleAsync();
        return new Recovery(
            _sessions,
            (switched - killed).TotalMilliseconds,
            (answers.First - switched).TotalMilliseconds,
            (answers.Last - switched).TotalMilliseconds,
            answers.Count(SessionAnswer.Right),
            answers.Count(SessionAnswer.Wrong),
            answers.Count(SessionAnswer.Closed));
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _proxy.DisposeAsync();
        }
        finally
        {
            await _deployment.DisposeAsync();
        }
    }

    private static async Task StoreAsync(RedisServer master, int sessions)
    {
        using RawClient client = await master.ConnectAsync();
        foreach (int[] numbers in Enumerable.Range(0, sessions).Chunk(KeysAtOnce))
        {
            IEnumerable<string> entries = numbers.Select(SessionCrowd.Entry).SelectMany(entry => new[] { entry.Key, entry.Value });
            DeploymentSteps.Expect(await client.CallAsync(["MSET", .. entries]), "MSET");
        }
    }

    // It blocks for long, which a thread of the pool must not: the harness follows the Sentinels there.
    private static Task<T> OnAThreadAsync<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
