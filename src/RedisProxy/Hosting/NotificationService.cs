using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using RedisProxy.Notify;
using RedisProxy.Topology;

namespace RedisProxy.Hosting;

/// <summary>Runs the notifications from the start of the proxy to its end, on threads of the control plane.</summary>
internal sealed class NotificationService(
    Notifications notifications, TopologyService topology, TimeProvider time, ILogger<NotificationService> log) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        notifications.RunAsync(() => topology.Sources, stoppingToken), LookAtReplicasAsync(stoppingToken));

    private async Task LookAtReplicasAsync(CancellationToken stop)
    {
        var fitness = new ReplicaFitness(time, notifications.OnReplica);
        while (true)
        {
            TryLook(fitness);
            await Task.Delay(ReplicaWatch.Interval, time, stop);
        }
    }

    private void TryLook(ReplicaFitness fitness)
    {
        try
        {
            foreach (TopologyView master in topology.Sources.Select(source => source.Current))
            {
                if (topology.ReplicationOf(master.MasterName) is { } replication)
                {
                    fitness.Look(master, replication);
                }
            }
        }
        catch (Exception failure)
        {
            // Whatever the failure: the next look is still made, and traffic does not depend on it.
            NotifyLog.LookFailed(log, failure);
        }
    }
}
