using System.Diagnostics;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Clients;

/// <summary>
/// All clients in all modes side by side, one process each, through one proxy: a quiet time, a planned failover, and a SIGKILL of the
/// master. The tests only look at what was recorded here.
/// </summary>
#pragma warning disable CA1001 // IAsyncLifetime disposes of them.
public sealed class ClientRun : IAsyncLifetime
#pragma warning restore CA1001
{
    private const int ConstantKeys = 10;
    private const int Looks = 5;

    /// <summary>Not the time that is allowed, but the time after which a test machine is taken for broken.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>The master is down for Sentinel after a second, so what is waited for while it is stopped must be shorter.</summary>
    private static readonly TimeSpan StoppedAtMost = TimeSpan.FromMilliseconds(700);

    private readonly ClientWorkshop _workshop = new();
    private readonly CancellationTokenSource _end = new();
    private SentinelDeployment _deployment = null!;
    private ProxyProcess _proxy = null!;
    private RedisServer _master = null!;
    private ClientFeed _feed = null!;
    private Task _looking = Task.CompletedTask;

    internal IReadOnlyList<ClientCell> Cells { get; } =
        [.. from client in ClientProgram.All from mode in client.Modes select new ClientCell(client, mode)];

    internal ClientCell Cell(string client, string mode) => Cells.Single(c => c.Client.Name == client && c.Mode.ToString() == mode);

    public async ValueTask InitializeAsync()
    {
        Task<(ClientCell, string[]?)>[] preparing = [.. Cells.Select(PrepareAsync)];
        _deployment = await SentinelDeployment.StartAsync();
        _master = _deployment.Servers[0];
        // The contract of a failover that ends in time is what this is about; a busy machine needs a second vote at times, and 4 s more.
        _proxy = await ProxyProcess.StartAsync(ProxyProcessOptions.For(_deployment).With("hold.timeout", "20s"));
        for (int i = 0; i < ConstantKeys; i++)
        {
            await _master.CallAsync("SET", $"const:{i}", $"value-{i}");
        }

        _feed = await ClientFeed.StartAsync(_proxy.Port, Cells.Where(c => c.Mode == ClientMode.Blocking).Select(c => c.Key));
        foreach ((ClientCell cell, string[]? command) in await Task.WhenAll(preparing))
        {
            await (command is null ? Task.CompletedTask : cell.StartAsync(command, _proxy.Port, _workshop.LogFile(cell.Key)));
        }

        await RunStageAsync(ClientStage.Starting, () => Task.CompletedTask);
        _looking = LookAtConnectionsAsync();
        await RunStageAsync(ClientStage.Steady, () => Task.CompletedTask);
        await RunStageAsync(ClientStage.Planned, FailOverAsync);
        foreach (ClientCell cell in Cells)
        {
            // In this order: what is acknowledged later may be there too.
            IReadOnlyList<long> acknowledged = cell.AcknowledgedUntilNow();
            cell.LostByPlanned = [.. cell.Writes ? acknowledged.Except(await ListAsync(cell.Key)) : []];
        }

        await RunStageAsync(ClientStage.Killed, KillMasterAsync);
        await EndAsync();
        await ClientMatrix.WriteIfAskedAsync(Cells);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _looking;
        await StopDriversAsync();
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }

        if (_deployment is not null)
        {
            await _deployment.DisposeAsync();
        }

        _workshop.Dispose();
        _end.Dispose();
    }

    private async Task<(ClientCell Cell, string[]? Command)> PrepareAsync(ClientCell cell)
    {
        try
        {
            return (cell, await cell.Client.PrepareAsync(_workshop));
        }
#pragma warning disable CA1031 // What is missing for one client must not hide what the others do; its own tests report it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            cell.CannotRun($"{cell.Client.Name} needs {cell.Client.Needs}. {e.Message}");
            return (cell, null);
        }
    }

    private async Task RunStageAsync(ClientStage stage, Func<Task> incident)
    {
        Each(cell => cell.Begin(stage));
        await incident();
        HashSet<ClientCell> late = await WaitForProgressAsync();
        string sessions = late.Count == 0 ? "" : await _proxy.Http.GetStringAsync(new Uri("sessions", UriKind.Relative));
        Each(cell => cell.End(
            late.Contains(cell)
                ? $"It did not go on within {Patience.TotalSeconds} s.\n{cell.Describe()}\n{cell.LogTail}\n{sessions}"
                : null));
    }

    private async Task FailOverAsync()
    {
        RedisServer old = _master;
        await _feed.QuietAsync();
        Each(cell => cell.MarkIncident());
        await _deployment.FailoverAsync();
        _master = await _deployment.WaitForMasterAsync(old, Patience);
        _feed.Resume();
        await _deployment.WaitUntilHealthyAsync(Patience);
    }

    /// <summary>It is stopped just before, so that every driver surely has something in flight.</summary>
    private async Task KillMasterAsync()
    {
        RedisServer old = _master;
        await _feed.QuietAsync();
        await PoppersHaveAllAsync();
        old.Freeze();
        await WritersAreStuckAsync();
        Each(cell => cell.MarkIncident());
        await old.KillAsync();
        _master = await _deployment.WaitForMasterAsync(old, Patience);
        _feed.Resume();
    }

    private Task PoppersHaveAllAsync() => Eventually.Within(
        Patience,
        () => Cells.Where(c => c.Mode == ClientMode.Blocking && c.IsRunning).All(c => c.Acknowledgements >= _feed.Pushed(c.Key).Count),
        "all that was pushed was popped");

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
                    int now = Cells.Where(c => c.Writes).Sum(c => c.Acknowledgements);
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

    private async Task<HashSet<ClientCell>> WaitForProgressAsync()
    {
        var needed = Cells.Where(c => c.IsRunning).ToDictionary(c => c, c => c.Acknowledgements + NeededProgress(c));
        long start = Stopwatch.GetTimestamp();
        HashSet<ClientCell> late = [];
        try
        {
            await Eventually.Within(
                Patience,
                () =>
                {
                    late = [.. needed.Where(n => n.Key.IsRunning && n.Key.Acknowledgements < n.Value).Select(n => n.Key)];
                    return late.Count == 0;
                },
                $"every driver goes on, after {Stopwatch.GetElapsedTime(start)}");
        }
        catch (TimeoutException)
        {
            // Said by the tests of those.
        }

        return late;
    }

    // Of redis-cli's pipe mode, more than the feed that is under way can bring: one after it has to work as well.
    private static int NeededProgress(ClientCell cell) => cell.ConnectsForEachFeed ? 600 : 25;

    private async Task LookAtConnectionsAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            Each(cell => cell.LookAtConnections());
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }

    private async Task EndAsync()
    {
        await _end.CancelAsync();
        await _looking;
        await _feed.QuietAsync();
        await PoppersHaveAllAsync().ContinueWith(_ => { }, TaskScheduler.Default);
        await StopDriversAsync();
        foreach (ClientCell cell in Cells)
        {
            cell.ListAtEnd = await ListAsync(cell.Key);
            cell.TwinAtEnd = await ListAsync(cell.TwinKey);
            cell.Pushed = cell.Mode == ClientMode.Blocking ? _feed.Pushed(cell.Key) : [];
        }
    }

    private async Task StopDriversAsync() => await Task.WhenAll(Cells.Select(c => c.DisposeAsync().AsTask()));

    private async Task<IReadOnlyList<long>> ListAsync(string key) =>
        [.. (await _master.CallAsync("LRANGE", key, "0", "-1")).Items.Select(item => item.Number)];

    private void Each(Action<ClientCell> action)
    {
        foreach (ClientCell cell in Cells)
        {
            action(cell);
        }
    }
}
