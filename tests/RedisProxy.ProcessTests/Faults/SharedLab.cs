using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Faults;

/// <summary>One lab for the cases of a class that leave it healthy. Its Sentinels are slow to begin a failover by themselves.</summary>
public sealed class SharedLab : IAsyncLifetime
{
    internal FaultLab Lab { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Lab = await FaultLab.StartAsync(new SentinelDeploymentOptions { DownAfter = TimeSpan.FromSeconds(20) });

    public async ValueTask DisposeAsync() => await Lab.DisposeAsync();
}
