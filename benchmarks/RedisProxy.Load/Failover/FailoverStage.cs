using RedisProxy.Testing;

namespace RedisProxy.Load.Failover;

/// <summary>A deployment with RedisProxy and HAProxy in front of it, and what happens to it once per measured failover.</summary>
internal sealed class FailoverStage : IAsyncDisposable
{
    private const int WritersOfATarget = 4;
    private const int WritesBefore = 1000;

    // Sentinel's own. A planned failover does not depend on it, and on a busy machine a short one makes failovers that nobody asked for.
    private static readonly TimeSpan DownAfterOfPlanned = TimeSpan.FromSeconds(30);

    // Sentinel asks every server for INFO so often, and for a sign of life once a second. Where in this period a failover falls decides
    // how long it takes; without a random wait it would always fall at the same place, just after the deployment has settled.
    private static readonly TimeSpan InfoPeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PingPeriod = TimeSpan.FromSeconds(1);

    // For the writers whose connections HAProxy shut when it left a server for good.
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(2);

    // As clients do. While it has no server, HAProxy accepts and closes at once, and writers would turn in a circle.
    private static readonly TimeSpan BeforeReconnecting = TimeSpan.FromMilliseconds(10);

    private readonly FailoverKind _kind;
    private readonly SentinelDeployment _deployment;
    private readonly ProxyProcess _proxy;
    private readonly SentinelHaproxy _haproxy;
    private int _failovers;

    private FailoverStage(FailoverKind kind, SentinelDeployment deployment, ProxyProcess proxy, SentinelHaproxy haproxy)
    {
        _kind = kind;
        _deployment = deployment;
        _proxy = proxy;
        _haproxy = haproxy;
    }

    /// <summary>Any of them: they are all alike.</summary>
    public RedisServer AnyServer => _deployment.Servers[0];

    public static async Task<FailoverStage> StartAsync(FailoverKind kind, TimeSpan downAfter)
    {
        SentinelDeployment deployment = await SentinelDeployment.StartAsync(new SentinelDeploymentOptions
        {
            DownAfter = kind == FailoverKind.Planned ? DownAfterOfPlanned : downAfter,
            Timings = SentinelTimings.Default,
        });
        ProxyProcess? proxy = null;
        try
        {
            ProxyProcessOptions options = ProxyProcessOptions.For(deployment);
            proxy = await ProxyProcess.StartAsync(
                kind == FailoverKind.Kill && HoldTimeout(downAfter) is { } timeout ? options.With("hold.timeout", timeout) : options);
            return new FailoverStage(kind, deployment, proxy, await SentinelHaproxy.StartAsync(deployment));
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

    /// <summary>Null: the default, which is as long as README.md advises (1.5 s more than Sentinel waits).</summary>
    public static string? HoldTimeout(TimeSpan downAfter) =>
        downAfter <= TimeSpan.FromSeconds(2) ? null : $"{downAfter.TotalMilliseconds + 2000:0}ms";

    /// <summary>One failover from beginning to end: the deployment is ready for another one when this returns.</summary>
    public async Task<FailoverOutcome> FailOverAsync()
    {
        RedisServer old = await _deployment.SettleAsync();
        await _haproxy.WaitUntilItLeadsToAsync(old, DeploymentSteps.Patience);
        TimeSpan period = _kind == FailoverKind.Planned ? InfoPeriod : PingPeriod;
        await Task.Delay(period * Random.Shared.NextDouble(), TimeProvider.System);
        _failovers++;
        await using CountingWriter throughProxy = StartWriters(_proxy.Port, "proxy");
        await using CountingWriter throughHaproxy = StartWriters(_haproxy.Port, "haproxy");
        CountingWriter[] both = [throughProxy, throughHaproxy];
        await Task.WhenAll(both.Select(writers => writers.WaitForAcknowledgedAsync(WritesBefore, DeploymentSteps.Patience)));

        TimeSpan start = _deployment.Events.Now;
        TimeSpan[] since = [.. both.Select(writers => writers.Now)];
        RedisServer master = await ReplaceAsync(old);
        await _haproxy.WaitUntilItLeadsToAsync(master, DeploymentSteps.Patience);
        await Task.Delay(Aftermath, TimeProvider.System);
        await Task.WhenAll(both.Select(writers => writers.StopAsync()));

        // What is lost is decided only when every server follows the same master.
        if (_kind == FailoverKind.Kill)
        {
            await DeploymentSteps.BringBackAsync(old, master);
        }

        master = await _deployment.SettleAsync();
        TargetOutcome proxy = await CompareAsync(throughProxy, master, since[0]);
        TargetOutcome haproxy = await CompareAsync(throughHaproxy, master, since[1]);
        // A failover with all that earlier ones wrote would take longer than one without.
        DeploymentSteps.Expect(await master.CallAsync("FLUSHALL"), "FLUSHALL");
        return new FailoverOutcome(proxy, haproxy, Failovers(start) - 1);
    }

    public async ValueTask DisposeAsync()
    {
        await _haproxy.DisposeAsync();
        try
        {
            await _proxy.DisposeAsync();
        }
        finally
        {
            await _deployment.DisposeAsync();
        }
    }

    /// <returns>The new master, when the old one is one no longer.</returns>
    private async Task<RedisServer> ReplaceAsync(RedisServer old)
    {
        if (_kind == FailoverKind.Kill)
        {
            await old.KillAsync();
            return await _deployment.WaitForMasterAsync(old, DeploymentSteps.Patience);
        }

        // Each of them leads in its turn, in case it matters to somebody whom the proxy asks first.
        await _deployment.FailoverAsync(_deployment.Sentinels[_failovers % _deployment.Sentinels.Count]);
        RedisServer master = await _deployment.WaitForMasterAsync(old, DeploymentSteps.Patience);
        await Eventually.Within(
            DeploymentSteps.Patience, async () => await old.RoleAsync() == "slave", $"{old} is demoted after a planned failover");
        return master;
    }

    // Each Sentinel says it once of each.
    private int Failovers(TimeSpan since) =>
        _deployment.Events.Since(since).Where(e => e.Channel == "+switch-master").Select(e => e.Text).Distinct().Count();

    private static async Task<TargetOutcome> CompareAsync(CountingWriter writers, RedisServer master, TimeSpan since)
    {
        LossReport report = await writers.CompareAsync(master);
        return TargetOutcome.Of(await writers.StopAsync(), report, since);
    }

    private CountingWriter StartWriters(int port, string target)
    {
        int connections = 0;
        var options = new CountingWriterOptions
        {
            Writers = WritersOfATarget,
            // Fine enough for pauses, and far from using up the machine, which would make pauses of its own.
            Pace = TimeSpan.FromMilliseconds(1),
            KeyPrefix = $"{target}:{_failovers}:",
        };
        return CountingWriter.Start(
            async () =>
            {
                if (Interlocked.Increment(ref connections) > WritersOfATarget)
                {
                    await Task.Delay(BeforeReconnecting, TimeProvider.System);
                }

                return await RawClient.ConnectAsync(port);
            },
            options);
    }
}
