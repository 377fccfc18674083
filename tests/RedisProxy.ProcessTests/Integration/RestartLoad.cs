using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

using RedisProxy.Testing;

namespace RedisProxy.ProcessTests.Integration;

/// <summary>
/// Clients that do not know that their proxy is being replaced: some connect, ask once and close, over and over; some keep their
/// connection, send many requests at a time, and connect again when the proxy has closed it in order.
/// </summary>
internal sealed class RestartLoad : IAsyncDisposable
{
    private const int Batch = 20;

    private readonly int _port;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _all;
    private int _connects;
    private int _batches;
    private int _closed;
    private int _refused;
    private int _reset;
    private int _unanswered;

    public RestartLoad(int port, int connecting, int pipelining)
    {
        _port = port;
        IEnumerable<Task> clients = Enumerable.Range(0, connecting).Select(_ => Task.Run(ConnectAndCloseAsync))
            .Concat(Enumerable.Range(0, pipelining).Select(_ => Task.Run(PipelineAsync)));
        _all = Task.WhenAll(clients);
    }

    public int Connects => Volatile.Read(ref _connects);

    public int Batches => Volatile.Read(ref _batches);

    /// <summary>Orderly ends that a pipelining client saw.</summary>
    public int Closed => Volatile.Read(ref _closed);

    /// <summary>What no client may see, in words; empty when none did.</summary>
    public string Complaints
    {
        get
        {
            (string What, int Count)[] seen = [("refused", _refused), ("reset", _reset), ("closed before the first reply", _unanswered)];
            return string.Join(", ", seen.Where(one => one.Count > 0).Select(one => $"{one.Count} {one.What}"));
        }
    }

    /// <exception cref="Exception">A client met what it did not expect.</exception>
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

    private async Task ConnectAndCloseAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await CountFailuresAsync(async () =>
            {
                using RawClient client = await RawClient.ConnectAsync(_port);
                await client.SendCommandAsync("PING");
                Assert.Equal("PONG", (await client.ReadReplyAsync()).Text);
                Interlocked.Increment(ref _connects);
            });
        }
    }

    private async Task PipelineAsync()
    {
        byte[] batch = [.. Enumerable.Repeat(RawClient.Command("INCR", "counter"), Batch).SelectMany(bytes => bytes)];
        while (!_stop.IsCancellationRequested)
        {
            await CountFailuresAsync(async () =>
            {
                using RawClient client = await RawClient.ConnectAsync(_port);
                Assert.Equal("PONG", (await client.CallAsync("PING")).Text);
                await SendBatchesAsync(client, batch);
            });
        }
    }

    private async Task SendBatchesAsync(RawClient client, byte[] batch)
    {
        long lastReply = Stopwatch.GetTimestamp();
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                await client.SendAsync(batch);
                for (int i = 0; i < Batch; i++)
                {
                    await client.ReadReplyAsync();
                }

                lastReply = Stopwatch.GetTimestamp();
                Interlocked.Increment(ref _batches);
            }
        }
        catch (EndOfStreamException)
        {
            Interlocked.Increment(ref _closed);
        }
        catch (SocketException failure)
        {
            string after = Stopwatch.GetElapsedTime(lastReply).TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);
            throw new InvalidOperationException($"a served client got {failure.SocketErrorCode}, {after} ms after its last reply");
        }
    }

    private async Task CountFailuresAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.ConnectionRefused)
        {
            Interlocked.Increment(ref _refused);
        }
        catch (SocketException failure) when (failure.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            Interlocked.Increment(ref _reset);
        }
        catch (EndOfStreamException)
        {
            Interlocked.Increment(ref _unanswered);
        }
    }
}
