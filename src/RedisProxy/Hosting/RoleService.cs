using Microsoft.Extensions.Hosting;

using RedisProxy.Roles;

namespace RedisProxy.Hosting;

/// <summary>Runs the <see cref="RoleKeeper"/> under the host, from the start of the process to its end.</summary>
internal sealed class RoleService(RoleKeeper keeper) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => keeper.RunAsync(stoppingToken);
}
