using System.Globalization;

using RedisProxy.ProcessTests.Harness;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Clients;

/// <summary>
/// Clients in their Sentinel mode, with the proxy's facade for a Sentinel: they find the proxy, keep their connections through a planned
/// failover and through the death of a master, and see what the contract says and nothing else.
/// </summary>
#pragma warning disable CA1001 // IAsyncLifetime disposes of them.
[Collection(HeavyLoad.Tests)]
public sealed class SentinelModeTests(ITestOutputHelper output) : IAsyncLifetime
#pragma warning restore CA1001
{
    private const int ConstantKeys = 10;
    private const int MoreAcknowledgements = 25;
    private const int Looks = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>The master is down for Sentinel after a second, so what is waited for while it is stopped must be shorter.</summary>
    private static readonly TimeSpan StoppedAtMost = TimeSpan.FromMilliseconds(700);

    private readonly ClientWorkshop _workshop = new();
    private readonly ClientCell[] _cells =
    [
        .. from client in ClientProgram.All
           where client.Name is "redis-py" or "ioredis"
           from mode in new[] { ClientMode.Plain, ClientMode.Pipelined, ClientMode.Transactional }
           select new ClientCell(client, mode),
    ];

    private SentinelDeployment _deployment = null!;
    private ProxyProcess _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        int facade = FreePorts.Take();
        _deployment = await SentinelDeployment.StartAsync();
        _proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(_deployment)
            .With("hold.timeout", "20s")
            .With("sentinelFacade.bind", $"127.0.0.1:{facade}"));
        for (int i = 0; i < ConstantKeys; i++)
        {
            await _deployment.Servers[0].CallAsync("SET", $"const:{i}", $"value-{i}");
        }

        foreach (ClientCell cell in _cells)
        {
            await cell.StartAsync(
                await cell.Client.PrepareAsync(_workshop),
                _proxy.Port,
                _workshop.LogFile($"sentinel-{cell.Key}"),
                facade.ToString(CultureInfo.InvariantCulture),
                _deployment.MasterName);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_cells.Select(cell => cell.DisposeAsync().AsTask()));
        await _proxy.DisposeAsync();
        await _deployment.DisposeAsync();
        _workshop.Dispose();
    }

    [Fact]
    public async Task Clients_InSentinelMode_KeepWorkingAcrossFailovers()
    {
        RedisServer first = _deployment.Servers[0];
        RedisServer second = first;
        await RunStageAsync(ClientStage.Starting, () => Task.CompletedTask);
        await RunStageAsync(ClientStage.Steady, () => Task.CompletedTask);
        await RunStageAsync(ClientStage.Planned, async () =>
        {
            Each(cell => cell.MarkIncident());
            await _deployment.FailoverAsync();
            second = await _deployment.WaitForMasterAsync(first, Patience);
            await _deployment.WaitUntilHealthyAsync(Patience);
        });
        foreach (ClientCell cell in _cells)
        {
            // In this order: what is acknowledged later may be there too.
            IReadOnlyList<long> acknowledged = cell.AcknowledgedUntilNow();
            cell.LostByPlanned = [.. acknowledged.Except(await ListAsync(second, cell.Key))];
        }

        RedisServer third = second;
        await RunStageAsync(ClientStage.Killed, async () =>
        {
            second.Freeze();
            await WritersAreStuckAsync();
            Each(cell => cell.MarkIncident());
            await second.KillAsync();
            third = await _deployment.WaitForMasterAsync(second, Patience);
        });
        await Task.WhenAll(_cells.Select(cell => cell.DisposeAsync().AsTask()));
        foreach (ClientCell cell in _cells)
        {
            cell.ListAtEnd = await ListAsync(third, cell.Key);
            cell.TwinAtEnd = await ListAsync(third, cell.TwinKey);
        }

        AssertContract();
        MetricsSnapshot metrics = await _proxy.ScrapeAsync();
        Assert.True(metrics.Sum("redisproxy_facade_commands_total") > _cells.Length);
    }

    private async Task RunStageAsync(ClientStage stage, Func<Task> incident)
    {
        Each(cell => cell.Begin(stage));
        await incident();
        var needed = _cells.ToDictionary(cell => cell, cell => cell.Acknowledgements + MoreAcknowledgements);
        await Eventually.Within(
            Patience,
            () =>
            {
                Each(cell => cell.LookAtConnections());
                return needed.All(one => !one.Key.IsRunning || one.Key.Acknowledgements >= one.Value);
            },
            $"all clients go on, {stage}");
        Each(cell => cell.End(null));
    }

    private async Task WritersAreStuckAsync()
    {
        int last = -1;
        int unchanged = 0;
        try
        {
            await Eventually.Within(
                StoppedAtMost,
                () =>
                {
                    int now = _cells.Sum(cell => cell.Acknowledgements);
                    unchanged = now == last ? unchanged + 1 : 0;
                    last = now;
                    return unchanged == Looks;
                },
                "nothing is acknowledged any more");
        }
        catch (TimeoutException)
        {
            // Longer would be another test: the master would be taken for dead before it is.
        }
    }

    private void AssertContract()
    {
        List<string> breaches = [];
        foreach (ClientStage stage in new[] { ClientStage.Steady, ClientStage.Planned, ClientStage.Killed })
        {
            foreach (ClientCell cell in _cells)
            {
                CellStage record = cell[stage];
                output.WriteLine($"{cell.Version}, {cell}, {stage}: {record.Acknowledged.Count} acknowledged, longest pause "
                    + $"{record.LongestPause.TotalSeconds:0.00} s, {record.Kept} of {record.Before.Count} connections kept, "
                    + $"{record.Errors.Count} errors");
                breaches.AddRange(ClientContract.Breaches(cell, stage).Select(breach => $"{cell}, {stage}: {breach}"));
            }
        }

        Assert.True(breaches.Count == 0, string.Join('\n', breaches));
    }

    private static async Task<IReadOnlyList<long>> ListAsync(RedisServer server, string key) =>
        [.. (await server.CallAsync("LRANGE", key, "0", "-1")).Items.Select(item => item.Number)];

    private void Each(Action<ClientCell> action) => Array.ForEach(_cells, action);
}
