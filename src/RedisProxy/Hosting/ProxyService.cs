using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using RedisProxy.Admin;
using RedisProxy.Configuration;
using RedisProxy.DataPlane;
using RedisProxy.Failover;
using RedisProxy.Topology;

namespace RedisProxy.Hosting;

/// <summary>
/// The proxy's life cycle within its host. Starts the control plane, then the data plane, before the admin surface answers; drains
/// while the admin surface still answers, and only then stops the rest. It neither waits for Sentinel to start nor stops because
/// Sentinel is unreachable.
/// </summary>
internal sealed class ProxyService(
    RunningOptions running, TopologyService topology, Forwarder forwarder, LosslessFailover failover, AdminSockets admin,
    FacadeService facade, PortTakeover takeover, Readiness readiness, TimeProvider time,
    IHostApplicationLifetime lifetime, ILogger<ProxyService> log)
    : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopTopology = new();
    private Task _topologyTask = Task.CompletedTask;

    /// <summary>The data plane has failed, so the process exits with a failure code.</summary>
    public bool HasFailed { get; private set; }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await facade.BindAsync(cancellationToken);
        await forwarder.StartAsync(cancellationToken);
        _topologyTask = topology.RunAsync(_stopTopology.Token);
        _ = EndOnFailureAsync();
        readiness.AreListenersBound = true;
        facade.Start(() => readiness.IsStopping);
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (ListenerSockets sockets in admin.All)
        {
            takeover.Take(sockets, () => readiness.IsStopping);
            string scheme = running.Current.Admin.Tls is null ? "http" : "https";
            string shown = sockets.Bind.Tcp is { } tcp ? $"{scheme}://{tcp}" : sockets.Bind.ToString();
            if (sockets == admin.Metrics)
            {
                HostingLog.MetricsListening(log, shown);
            }
            else
            {
                HostingLog.AdminListening(log, shown);
            }
        }

        // The last line of a start: supervisors and scripts wait for it.
        HostingLog.Started(log, BuildInfo.Version, forwarder.Loops.Count);

        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        readiness.IsStopping = true;
        if (running.Current.Shutdown.MinDelay is var minDelay && minDelay > TimeSpan.Zero)
        {
            HostingLog.StopDelayed(log, minDelay);
            await Task.Delay(minDelay, time, CancellationToken.None);
        }

        HostingLog.Stopping(log, forwarder.SessionCount);
        await failover.StopAsync();
        await Task.WhenAll([forwarder.StopAsync(), facade.StopAsync(), .. admin.All.Select(takeover.GiveWayAsync)]);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopTopology.CancelAsync();
        await _topologyTask;
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stopTopology.Dispose();

    private async Task EndOnFailureAsync()
    {
        try
        {
            await forwarder.Failure;
        }
        catch (Exception error)
        {
            HostingLog.DataPlaneFailed(log, error);
            HasFailed = true;
            lifetime.StopApplication();
        }
    }
}
