namespace RedisProxy.Testing.Histories;

/// <summary>
/// Many connections with different identities that send everything an oracle can judge, until they are stopped. The seed determines
/// what they send; when they send it depends on the machine.
/// </summary>
internal sealed class HistoryLoad : IAsyncDisposable
{
    private const int Mixers = 8;
    private const int Transactors = 3;
    private const int Poppers = 3;
    private const int MaxDepth = 16;
    private const int RoundsOfAConnection = 2000;

    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MaxPace = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan MaxTransactionPause = TimeSpan.FromMilliseconds(400);

    private readonly CancellationTokenSource _end = new();
    private readonly HistoryLog _log;
    private readonly int _port;
    private readonly Task[] _workers;

    private HistoryLoad(int port, HistoryLog log, int seed)
    {
        _port = port;
        _log = log;
        Func<LoadConnection, Random, Task>[] rounds =
        [
            .. Enumerable.Repeat<Func<LoadConnection, Random, Task>>(MixAsync, Mixers),
            .. Enumerable.Repeat<Func<LoadConnection, Random, Task>>(TransactAsync, Transactors),
            .. Enumerable.Repeat<Func<LoadConnection, Random, Task>>(PopAsync, Poppers),
        ];
        _workers = [.. rounds.Select((round, index) => Task.Run(() => WorkAsync(index, round, new Random(seed + index))))];
    }

    public static HistoryLoad Start(int port, HistoryLog log, int seed) => new(port, log, seed);

    /// <summary>Ends all connections in an orderly way: requests in flight are still answered.</summary>
    public async Task StopAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_workers);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _end.Dispose();
    }

    private async Task WorkAsync(int index, Func<LoadConnection, Random, Task> round, Random random)
    {
        // Every identity exists from the beginning, and others follow with later connections.
        for (int turn = index; !_end.IsCancellationRequested; turn++)
        {
            var identity = new Identity(
                _log.NextConnection(), Database: turn % FixedData.Databases, IsResp3: turn % 2 == 0, HasUser: turn / 2 % 2 == 0);
            using LoadConnection? connection = await LoadConnection.OpenAsync(_port, _log, identity, random);
            if (connection is null)
            {
                await PauseAsync(ReconnectPause);
                continue;
            }

            int rounds = random.Next(1, RoundsOfAConnection);
            while (rounds-- > 0 && connection.IsUsable && !_end.IsCancellationRequested)
            {
                await round(connection, random);
                await PauseAsync(MaxPace * random.NextDouble());
            }
        }
    }

    private static async Task MixAsync(LoadConnection connection, Random random) =>
        await connection.ExchangeAsync(connection.Mix.Burst(random.Next(1, MaxDepth)));

    /// <summary>Slow transactions, so that a failover hits them at every stage.</summary>
    private async Task TransactAsync(LoadConnection connection, Random random)
    {
        var transaction = new Transaction();
        bool isWatching = random.Next(2) == 0;
        OwnValue watched = connection.Own.Watched;
        Func<Request[]>[] stages = isWatching
            ? [() => [transaction.Watch(watched.Key)], () => [transaction.Within(watched.Read())], () => [transaction.Multi()],
                () => [transaction.Queue(watched.Set())]]
            : [() => [transaction.Multi()], () => [transaction.Queue(connection.Mix.Queued()), transaction.Queue(connection.Own.Push())]];
        foreach (Func<Request[]> stage in stages)
        {
            if (!await connection.ExchangeAsync(stage()))
            {
                return;
            }

            if (transaction.HasFailed)
            {
                break;
            }

            await PauseAsync(MaxTransactionPause * Math.Pow(random.NextDouble(), 3));
        }

        bool isGivenUp = random.Next(10) == 0;
        await connection.ExchangeAsync(isGivenUp ? transaction.Discard() : transaction.Exec(), connection.Mix.Echo());
        if (transaction.HasFailed)
        {
            // A WATCH may be left over; do not guess.
            connection.Dispose();
        }
    }

    // With requests around the blocking one: the last must wait.
    private static async Task PopAsync(LoadConnection connection, Random random) => await connection.ExchangeAsync(
        random.Next(2) == 0 ? [connection.Mix.Pop()] : [connection.Mix.Echo(), connection.Mix.Pop(), connection.Mix.Echo()]);

    private async Task PauseAsync(TimeSpan time)
    {
        try
        {
            await Task.Delay(time, TimeProvider.System, _end.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopped; the loops notice.
        }
    }
}
