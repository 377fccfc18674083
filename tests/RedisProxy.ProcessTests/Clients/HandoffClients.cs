using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Clients;

/// <summary>
/// Clients that ask to be told of failovers, and the same ones that do not, side by side at one proxy. All give a reply up after half a
/// second, which is shorter than the hold of a failover.
/// </summary>
internal sealed class HandoffClients : IAsyncDisposable
{
    private const int ConstantKeys = 10;

    /// <summary>StackExchange.Redis's word for a connection that it has replaced because it was told to.</summary>
    private const string Moved = ": MaintenanceHandoff";

    private readonly ClientWorkshop _workshop = new();
    private readonly CancellationTokenSource _end = new();
    private Task _looking = Task.CompletedTask;

    public IReadOnlyList<ClientCell> Asking { get; } = [new(Node("auto"), ClientMode.Pipelined), new(Dotnet("Auto"), ClientMode.Pipelined)];

    /// <summary>Of the same clients in the same order.</summary>
    public IReadOnlyList<ClientCell> NotAsking { get; } =
        [new(Node("disabled"), ClientMode.Pipelined), new(Dotnet("Disabled"), ClientMode.Pipelined)];

    public IEnumerable<ClientCell> All => [.. Asking, .. NotAsking];

    /// <param name="port">Of the proxy.</param>
    /// <param name="master">Gets the keys that they read.</param>
    public async Task StartAsync(int port, RedisServer master)
    {
        for (int i = 0; i < ConstantKeys; i++)
        {
            await master.CallAsync("SET", $"const:{i}", $"value-{i}");
        }

        foreach (ClientCell cell in All)
        {
            string[] command = await cell.Client.PrepareAsync(_workshop);
            cell.Begin(ClientStage.Starting);
            await cell.StartAsync(command, port, _workshop.LogFile(cell.Key));
        }

        await ProgressAsync(All);
        foreach (ClientCell cell in All)
        {
            cell.Begin(ClientStage.Steady);
        }

        _looking = LookAsync();
    }

    /// <summary>Waits until each of them is served as before.</summary>
    public static async Task ProgressAsync(IEnumerable<ClientCell> cells)
    {
        var needed = cells.ToDictionary(cell => cell, cell => cell.Acknowledgements + 100);
        await Eventually.Within(
            TimeSpan.FromSeconds(40),
            () => Task.FromResult(string.Join(
                '\n', needed.Where(n => n.Key.Acknowledgements < n.Value).Select(n => n.Key.Describe() + n.Key.LogTail))),
            static missing => missing.Length == 0,
            "every client goes on");
    }

    public Task ProgressAsync() => ProgressAsync(All);

    /// <summary>
    /// What was wrong for an application since the start: errors other than that a write's outcome is unknown, and connections that were
    /// lost or opened.
    /// </summary>
    /// <param name="cell">One of them.</param>
    /// <param name="mayMove">It was told to connect again, so that it does is no complaint.</param>
    public static string[] ComplaintsOf(ClientCell cell, bool mayMove = false)
    {
        CellStage seen = cell[ClientStage.Steady];
        return
        [
            .. seen.Errors.Where(error => error.Kind != ClientErrorKind.Unknown).Select(error => error.Text),
            .. seen.Wrong,
            .. seen.Notes.Where(note => !mayMove || !note.EndsWith(Moved, StringComparison.Ordinal)),
            .. mayMove ? [] : Enumerable.Repeat("another connection", seen.Opened),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _looking;
        await Task.WhenAll(All.Select(cell => cell.DisposeAsync().AsTask()));
        _workshop.Dispose();
        _end.Dispose();
    }

    private async Task LookAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            foreach (ClientCell cell in All)
            {
                cell.LookAtConnections();
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }

    private static ClientProgram Node(string setting) => new(
        $"node-redis-6-{setting}",
        "Node.js 20 or later, npm, and npm's registry or a mirror of it",
        async workshop => [.. await workshop.NodeAsync("handoffs.mjs"), setting]);

    // Without the connection that only subscribes, which a failover closes.
    private static ClientProgram Dotnet(string setting) => new(
        $"StackExchange.Redis-{setting}",
        "a build of tests/clients/stackexchange-redis",
        workshop => workshop.DotnetAsync(
            "stackexchange-redis",
            "protocol=resp3", $"maintNotifications={setting}", "syncTimeout=500", "asyncTimeout=500", "$SUBSCRIBE="));
}
