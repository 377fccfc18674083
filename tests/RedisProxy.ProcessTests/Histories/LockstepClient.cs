using System.Net.Sockets;
using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Histories;

/// <summary>
/// A client that says MULTI, waits for its reply, queues two commands in the same way, and says EXEC, for ever, as phpredis does it.
/// An error ends that transaction and the next one begins. It counts transactions that came to their end, and remembers what must not
/// be: a reply of another kind, a half-executed transaction, a connection that ended.
/// </summary>
internal sealed class LockstepClient : IDisposable
{
    private const int MaxPauseMs = 20;

    // Longer than anything may take here; that it goes on is for the test to judge.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly RawClient _client;
    private readonly string _key;
    private readonly Random _random;
    private volatile bool _isStopping;
    private long _ended;
    private volatile string _waitsFor = "nothing";

    private LockstepClient(RawClient client, int number, int seed)
    {
        _client = client;
        _key = $"lockstep:{number}";
        _random = new Random(seed);
        Completion = RunAsync();
    }

    /// <summary>Ends when it is stopped, or when something is wrong.</summary>
    public Task Completion { get; }

    /// <summary>Transactions that came to their end, whatever it was.</summary>
    public long Ended => Interlocked.Read(ref _ended);

    /// <summary>The request whose reply it waits for.</summary>
    public string WaitsFor => _waitsFor;

    /// <summary>What must not be; empty when all is well.</summary>
    public string Wrong { get; private set; } = "";

    public string LocalEndpoint => $"{_client.Socket.LocalEndPoint}";

    public static async Task<LockstepClient> StartAsync(int port, int number, int seed)
    {
        RawClient client = await RawClient.ConnectAsync(port);
        client.Timeout = Patience;
        return new LockstepClient(client, number, seed);
    }

    public void Stop() => _isStopping = true;

    public void Dispose() => _client.Dispose();

    private async Task RunAsync()
    {
        try
        {
            while (!_isStopping)
            {
                await TransactAsync();
                Interlocked.Increment(ref _ended);
                await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(MaxPauseMs)), TimeProvider.System);
            }
        }
        catch (Exception failure) when (failure is IOException or SocketException or TimeoutException or InvalidOperationException)
        {
            Wrong = $"{_waitsFor}: {failure.Message}";
        }
    }

    private async Task TransactAsync()
    {
        if (!await SayAsync("+OK", "MULTI"))
        {
            return;
        }

        bool isQueued = await SayAsync("+QUEUED", "RPUSH", _key, "1") && await SayAsync("+QUEUED", "RPUSH", $"{_key}:twin", "1");
        if (!isQueued && _random.Next(2) == 0)
        {
            await SayAsync("+OK", "DISCARD");
            return;
        }

        RawReply reply = await CallAsync("EXEC");
        bool isWhole = reply is { Kind: '*', Items: [{ Kind: ':' } first, { Kind: ':' } twin] } && first.Text == twin.Text && isQueued;
        if (!reply.IsError && !isWhole)
        {
            throw new InvalidOperationException($"a reply of another kind, or a half-executed transaction: {reply}");
        }
    }

    /// <returns>False: an error, which may be.</returns>
    private async Task<bool> SayAsync(string expected, params string[] words)
    {
        RawReply reply = await CallAsync(words);
        return !reply.IsError && ($"{reply.Kind}{reply.Text}" == expected
            ? true
            : throw new InvalidOperationException($"the reply of another request: {reply}"));
    }

    private async Task<RawReply> CallAsync(params string[] words)
    {
        _waitsFor = string.Join(' ', words);
        RawReply reply = await _client.CallAsync(words);
        _waitsFor = "nothing";
        return reply;
    }
}
