using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.TakeOver;

/// <summary>
/// Clients that send several requests at a time over one connection each and know every reply beforehand: an increment that runs twice or
/// not at all, a reply that is another's, and one that is out of order are all seen. None connects again unless it is told to.
/// </summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private readonly int _port;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _faults = [];
    private readonly int _depth;
    private readonly bool _connectsAgain;
    private readonly Task _all;
    private long _replies;
    private long _longestPause;
    private int _closed;

    /// <param name="port">Of the proxy.</param>
    /// <param name="clients">How many.</param>
    /// <param name="depth">Rounds of three requests that are sent together.</param>
    /// <param name="connectsAgain">A client whose connection has ended goes on over another one.</param>
    public SteadyLoad(int port, int clients, int depth, bool connectsAgain = false)
    {
        _port = port;
        _depth = depth;
        _connectsAgain = connectsAgain;
        _all = Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => RunAsync(client))));
    }

    public long Replies => Interlocked.Read(ref _replies);

    /// <summary>Connections that have ended.</summary>
    public int Closed => Volatile.Read(ref _closed);

    /// <summary>What no client may see, in words.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    /// <summary>The longest time between two replies since the last call, in milliseconds.</summary>
    public long TakeLongestPauseMs() => Interlocked.Exchange(ref _longestPause, 0);

    public Task SomeRepliesAsync(int more)
    {
        long wanted = Replies + more;
        return Eventually.Within(
            TimeSpan.FromSeconds(30), () => Replies >= wanted || !_faults.IsEmpty || _all.IsCompleted, "clients are served");
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _all;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(int number)
    {
        string key = string.Create(CultureInfo.InvariantCulture, $"steady:{_port}:{number}");
        long counter = 0;
        do
        {
            try
            {
                using RawClient client = await RawClient.ConnectAsync(_port);
                counter = await FirstAsync(client, key, counter);
                while (!_stop.IsCancellationRequested && _faults.IsEmpty)
                {
                    counter = await RoundAsync(client, key, counter);
                }
            }
            catch (Exception end) when (end is SocketException or EndOfStreamException)
            {
                Interlocked.Increment(ref _closed);
            }
            catch (TimeoutException late)
            {
                _faults.Enqueue($"{key}: {late.Message}");
            }
        }
        while (_connectsAgain && !_stop.IsCancellationRequested && _faults.IsEmpty);
    }

    // Of what a lost connection had not answered, each increment may have run, once.
    private async Task<long> FirstAsync(RawClient client, string key, long counter)
    {
        RawReply reply = await client.CallAsync("INCRBY", key, "0");
        if (reply.IsError || reply.Number < counter || reply.Number > counter + _depth)
        {
            _faults.Enqueue($"{key}: {counter} increments were confirmed and {_depth} more sent, and now it is {reply}");
        }

        return reply.IsError ? counter : reply.Number;
    }

    private async Task<long> RoundAsync(RawClient client, string key, long counter)
    {
        var requests = new List<string>();
        var expected = new List<string>();
        for (int i = 1; i <= _depth; i++)
        {
            string next = (counter + i).ToString(CultureInfo.InvariantCulture);
            requests.AddRange($"INCR {key}", $"ECHO {key}:{next}", $"GET {key}");
            expected.AddRange(next, $"{key}:{next}", next);
        }

        long sentAt = Stopwatch.GetTimestamp();
        await client.SendCommandsAsync(requests);
        foreach (string one in expected)
        {
            RawReply reply = await client.ReadReplyAsync();
            if (reply.IsError || reply.Text != one)
            {
                _faults.Enqueue($"{key}: {reply} instead of {one}");
                return counter;
            }
        }

        Note((long)Stopwatch.GetElapsedTime(sentAt).TotalMilliseconds);
        Interlocked.Add(ref _replies, expected.Count);
        return counter + _depth;
    }

    private void Note(long pauseMs)
    {
        long longest;
        while (pauseMs > (longest = Interlocked.Read(ref _longestPause))
            && Interlocked.CompareExchange(ref _longestPause, pauseMs, longest) != longest)
        {
        }
    }
}
