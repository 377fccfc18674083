using Microsoft.Extensions.Hosting;

using RedisProxy.Notify;
using RedisProxy.Topology;

namespace RedisProxy.Hosting;

/// <summary>Keeps the notifications going from the start of the proxy to its end, on threads of the control plane.</summary>
internal sealed class NotificationService(Notifications notifications, TopologyService topology, TimeProvider time) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        notifications.RunAsync(() => topology.Sources, stoppingToken), LookAtReplicasAsync(stoppingToken));

    private async Task LookAtReplicasAsync(CancellationToken stop)
    {
        var fitness = new ReplicaFitness(time, notifications.OnReplica);
        while (true)
        {
            foreach (TopologyView master in topology.Sources.Select(source => source.Current))
            {
                if (topology.ReplicationOf(master.MasterName) is { } replication)
                {
                    fitness.Look(master, replication);
                }
            }

            await Task.Delay(ReplicaWatch.Interval, time, stop);
        }
    }
}
