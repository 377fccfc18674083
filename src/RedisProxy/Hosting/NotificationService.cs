using Microsoft.Extensions.Hosting;

using RedisProxy.Notify;
using RedisProxy.Topology;

namespace RedisProxy.Hosting;

/// <summary>Keeps the notifications going from the start of the proxy to its end, on threads of the control plane.</summary>
internal sealed class NotificationService(Notifications notifications, TopologyService topology) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        notifications.RunAsync(() => topology.Sources, stoppingToken);
}
