using System.Globalization;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Clients;

/// <summary>
/// Gives the drivers something to receive: numbers in the channel <c>ticks</c>, and, unless it is quiet, one number for each queue. It is
/// a client of the proxy itself, on one connection that must hold.
/// </summary>
internal sealed class ClientFeed : IAsyncDisposable
{
    private const string Channel = "ticks";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private readonly RawClient _client;
    private readonly Dictionary<string, List<long>> _pushed;
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _pushing = new(1);
    private Task _running = Task.CompletedTask;
    private bool _quiet;

    private ClientFeed(RawClient client, IEnumerable<string> queues)
    {
        _client = client;
        _client.Timeout = TimeSpan.FromMinutes(1);
        _pushed = queues.ToDictionary(queue => queue, _ => new List<long>());
    }

    public static async Task<ClientFeed> StartAsync(int port, IEnumerable<string> queues)
    {
        var feed = new ClientFeed(await RawClient.ConnectAsync(port), queues);
        feed._running = feed.RunAsync();
        return feed;
    }

    public IReadOnlyList<long> Pushed(string queue) => _pushed[queue];

    /// <summary>Nothing is pushed any more, and all that was is acknowledged. Messages go on.</summary>
    public async Task QuietAsync()
    {
        await _pushing.WaitAsync();
        _quiet = true;
        _pushing.Release();
    }

    public void Resume() => _quiet = false;

    /// <summary>Ends it, and throws what it met.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _client.Dispose();
        _end.Dispose();
        _pushing.Dispose();
    }

    private async Task RunAsync()
    {
        for (long n = 0; !_end.IsCancellationRequested; n++)
        {
            string number = n.ToString(CultureInfo.InvariantCulture);
            RawReply published = await _client.CallAsync("PUBLISH", Channel, number);
            if (published.IsError && published.ErrorCode != "IOERR")
            {
                throw new InvalidOperationException($"PUBLISH: {published}");
            }

            await PushAsync(n, number);
            await Task.Delay(Pace, TimeProvider.System);
        }
    }

    private async Task PushAsync(long n, string number)
    {
        await _pushing.WaitAsync();
        try
        {
            foreach ((string queue, List<long> pushed) in _quiet ? [] : _pushed)
            {
                RawReply reply = await _client.CallAsync("RPUSH", queue, number);
                pushed.Add(!reply.IsError ? n : throw new InvalidOperationException($"RPUSH: {reply}"));
            }
        }
        finally
        {
            _pushing.Release();
        }
    }
}
