using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Notify;
using RedisProxy.Servers;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>
/// Audits at an interval, and on request. A critical finding is logged when it is found, and not again until it has been gone. A
/// failover causes many critical findings for some seconds: until it is over, and the replicas have resynced, no periodic audit is
/// made, and a requested one is answered but not logged.
/// </summary>
internal sealed class AuditWatch(
    RunningOptions running, TopologyService topology, TopologyContext context, Notifications notifications, ILogger<AuditWatch> log)
    : BackgroundService
{
    private static readonly TimeSpan SettledAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    // An outage of this length is no longer transient, and its findings are worth reporting.
    private static readonly TimeSpan MaxDelay = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(15);

    // While it is switched off, a reload may switch it on.
    private static readonly TimeSpan OffInterval = TimeSpan.FromSeconds(10);

    // More frequent requests get the last answer again: each audit is a dozen questions to every server.
    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private Task<IReadOnlyList<AuditResult>>? _latest;
    private long _begun;
    private HashSet<string> _known = [];
    private volatile IReadOnlyList<AuditResult> _last = [];
    private volatile bool _isOverdue;

    /// <summary>Of the last audit made outside of failovers; empty before the first.</summary>
    public IReadOnlyList<AuditResult> Last => _last;

    /// <summary>A new audit, or the one in progress or just made.</summary>
    /// <exception cref="TimeoutException">The Sentinels take too long.</exception>
    public Task<IReadOnlyList<AuditResult>> RunAsync()
    {
        lock (_gate)
        {
            if (_latest is null || (_latest.IsCompleted && context.Time.GetElapsedTime(_begun) >= MinInterval))
            {
                _begun = context.Time.GetTimestamp();
                _latest = AuditAsync();
            }

            return _latest;
        }
    }

    public override void Dispose()
    {
        _stop.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using CancellationTokenRegistration end = stoppingToken.Register(_stop.Cancel);
        while (!stoppingToken.IsCancellationRequested)
        {
            TimeSpan interval = running.Current.Audit.Interval;
            await Task.Delay(interval > TimeSpan.Zero ? interval : OffInterval, context.Time, stoppingToken);
            if (interval > TimeSpan.Zero)
            {
                await WaitUntilSettledAsync(stoppingToken);
                await TryRunAsync();
            }
        }
    }

    private async Task WaitUntilSettledAsync(CancellationToken stop)
    {
        long due = context.Time.GetTimestamp();
        while (!topology.IsSettledFor(SettledAfter))
        {
            _isOverdue = context.Time.GetElapsedTime(due) >= MaxDelay;
            if (_isOverdue)
            {
                return;
            }

            await Task.Delay(LookInterval, context.Time, stop);
        }

        _isOverdue = false;
    }

    private async Task TryRunAsync()
    {
        try
        {
            await RunAsync();
        }
        catch (Exception failure) when (!_stop.IsCancellationRequested)
        {
            // Whatever the failure: traffic does not depend on it.
            AuditLog.Failed(log, failure.Message);
        }
    }

    private async Task<IReadOnlyList<AuditResult>> AuditAsync()
    {
        IReadOnlyList<AuditResult> results = await DeploymentAudit.RunAsync(running.Current, context, MaxTime, _stop.Token);

        // Not if a failover has begun meanwhile.
        if (_isOverdue || topology.IsSettledFor(SettledAfter))
        {
            Report(results);
        }

        return results;
    }

    private void Report(IReadOnlyList<AuditResult> results)
    {
        var critical = new HashSet<string>();
        foreach (AuditResult result in results)
        {
            foreach (Finding finding in result.Findings.Where(finding => finding.Severity == Severity.Critical))
            {
                string where = finding.Where?.ToString() ?? "the deployment";
                if (critical.Add($"{result.Facts.MasterName} {where} {finding.Topic}")
                    && !_known.Contains($"{result.Facts.MasterName} {where} {finding.Topic}"))
                {
                    AuditLog.Found(log, result.Facts.MasterName, where, finding.Topic, finding.Text);
                }
            }
        }

        if (_known.Count > 0 && critical.Count == 0)
        {
            AuditLog.Gone(log);
        }

        _known = critical;
        _last = results;
        notifications.OnAudit(results);
    }
}
