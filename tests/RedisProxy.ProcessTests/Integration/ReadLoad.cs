using System.Diagnostics;
using System.Net.Sockets;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>
/// Clients that read what never changes, each a burst after the other, and compare every reply. What is wrong, an error or the end of a
/// connection, is written down and ends that client.
/// </summary>
internal sealed class ReadLoad : IAsyncDisposable
{
    private const int Keys = 10;
    private const int Burst = 3;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);

    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private readonly List<string> _problems = [];
    private Task[] _clients = [];
    private long _replies;
    private TimeSpan _longestPause;

    private ReadLoad()
    {
    }

    public long Replies => Interlocked.Read(ref _replies);

    public IReadOnlyList<string> Problems
    {
        get
        {
            lock (_gate)
            {
                return [.. _problems];
            }
        }
    }

    /// <summary>From a request to its reply.</summary>
    public TimeSpan LongestPause
    {
        get
        {
            lock (_gate)
            {
                return _longestPause;
            }
        }
    }

    /// <summary>Writes what will be read, and waits until all replicas have it.</summary>
    public static async Task PrepareAsync(RedisServer master, int replicas)
    {
        using RawClient client = await master.ConnectAsync();
        for (int i = 0; i < Keys; i++)
        {
            await client.CallAsync("SET", $"const:{i}", $"value-{i}");
        }

        Assert.Equal(replicas, (await client.CallAsync("WAIT", $"{replicas}", "10000")).Number);
    }

    public static ReadLoad Start(ProxyProcess proxy, int port, int clients)
    {
        var load = new ReadLoad();
        load._clients = [.. Enumerable.Range(0, clients).Select(_ => Task.Run(() => load.ReadAsync(proxy, port)))];
        return load;
    }

    /// <summary>Waits until so many more replies have come; at once when a client has a problem, which is the test's to find.</summary>
    public Task WaitForRepliesAsync(int more, TimeSpan within)
    {
        long wanted = Replies + more;
        return Eventually.Within(within, () => Replies >= wanted || Problems.Count > 0, $"{more} more replies");
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_clients);
        _end.Dispose();
    }

    private async Task ReadAsync(ProxyProcess proxy, int port)
    {
        try
        {
            using RawClient client = await RawClient.ConnectAsync(proxy.Address, port);
            client.Timeout = TimeSpan.FromSeconds(30);
            for (int n = 0; !_end.IsCancellationRequested; n++)
            {
                await ReadBurstAsync(client, n);
                await Task.Delay(Pace, TimeProvider.System, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or TimeoutException or InvalidDataException)
        {
            Note($"{e.GetType().Name}: {e.Message}");
        }
    }

    private async Task ReadBurstAsync(RawClient client, int n)
    {
        long begun = Stopwatch.GetTimestamp();
        int[] keys = [.. Enumerable.Range(n, Burst).Select(key => key % Keys)];
        await client.SendAsync(keys.SelectMany(key => RawClient.Command("GET", $"const:{key}")).ToArray());
        foreach (int key in keys)
        {
            RawReply reply = await client.ReadReplyAsync();
            if (reply.Text != $"value-{key}")
            {
                Note($"GET const:{key}: {reply}");
            }

            Interlocked.Increment(ref _replies);
        }

        lock (_gate)
        {
            TimeSpan pause = Stopwatch.GetElapsedTime(begun);
            _longestPause = pause > _longestPause ? pause : _longestPause;
        }
    }

    private void Note(string problem)
    {
        lock (_gate)
        {
            _problems.Add(problem);
        }
    }
}
