using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using RedisProxy.Audit;
using RedisProxy.Configuration;
using RedisProxy.Notify;
using RedisProxy.Topology;

namespace RedisProxy.Admin;

/// <summary>
/// Audits at an interval, and when somebody asks. What is critical is logged when it is found, and not again until it has been gone.
/// </summary>
internal sealed class AuditWatch(
    RunningOptions running, TopologyContext context, Notifications notifications, ILogger<AuditWatch> log) : BackgroundService
{
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(15);

    // While it is switched off, a reload may switch it on.
    private static readonly TimeSpan OffInterval = TimeSpan.FromSeconds(10);

    // Who asks more often has the last answer again: each audit is a dozen questions to every server.
    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private Task<IReadOnlyList<AuditResult>>? _latest;
    private long _begun;
    private HashSet<string> _known = [];
    private volatile IReadOnlyList<AuditResult> _last = [];

    /// <summary>Of the last audit that was made; none before the first.</summary>
    public IReadOnlyList<AuditResult> Last => _last;

    /// <summary>A new audit, or the one that is under way or has just been made.</summary>
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
                await TryRunAsync();
            }
        }
    }

    private async Task TryRunAsync()
    {
        try
        {
            await RunAsync();
        }
        catch (Exception failure) when (!_stop.IsCancellationRequested)
        {
            // Whatever it is: the traffic does not depend on it.
            AuditLog.Failed(log, failure.Message);
        }
    }

    private async Task<IReadOnlyList<AuditResult>> AuditAsync()
    {
        IReadOnlyList<AuditResult> results = await DeploymentAudit.RunAsync(running.Current, context, MaxTime, _stop.Token);
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
        return results;
    }
}
