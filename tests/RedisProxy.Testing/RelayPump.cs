using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace RedisProxy.Testing;

/// <summary>
/// One direction of a relayed connection: one task reads chunks into a short queue, another one sends each when it is due. Every
/// wait is re-evaluated when the conditions change.
/// </summary>
internal sealed class RelayPump(Socket from, Socket to, RelayConnection connection, CancellationToken end)
{
    private const int ChunkBytes = 32 * 1024;
    private const int QueuedChunks = 32;
    private const int SlicesPerSecond = 50;

    private readonly Channel<Chunk> _queue = Channel.CreateBounded<Chunk>(
        new BoundedChannelOptions(QueuedChunks) { SingleReader = true, SingleWriter = true });

    private volatile RelayConditions _conditions = RelayConditions.Clear;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isOver;
    private volatile RelayCut? _cut;
    private RelayCut? _countedCut;
    private long _budget;
    private long _freeAt;

    public RelayConditions Conditions
    {
        get => _conditions;
        set
        {
            _conditions = value;
            Wake();
        }
    }

    /// <summary>Counts bytes from the moment it is set; null: none.</summary>
    public RelayCut? Cut
    {
        get => _cut;
        set
        {
            _cut = value;
            Wake();
        }
    }

    /// <summary>FIN, ahead of queued bytes; later ones are discarded.</summary>
    public void EndNow()
    {
        _isOver = true;
        Wake();
        try
        {
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The connection has already ended.
        }
    }

    public async Task RunAsync()
    {
        Task receiving = ReceiveAsync();
        try
        {
            await SendAllAsync();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            connection.Reset();
        }

        await receiving;
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                await WaitWhileAsync(conditions => conditions.Blackhole == RelayBlackhole.Held);
                byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
                int count = await from.ReceiveAsync(buffer, SocketFlags.None, end);
                await _queue.Writer.WriteAsync(new Chunk(buffer, count, Stopwatch.GetTimestamp()), end);
                if (count == 0)
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Like data, a reset does not pass a dead wire.
            await WaitWhileAsync(conditions => conditions.Blackhole != RelayBlackhole.None);
            connection.Reset();
        }
    }

    private async Task SendAllAsync()
    {
        await foreach (Chunk chunk in _queue.Reader.ReadAllAsync(end))
        {
            await WaitUntilDueAsync(chunk.ReceivedAt, chunk.Count == 0 ? conditions => conditions.CloseDelay : _ => TimeSpan.Zero);
            if (chunk.Count == 0)
            {
                break;
            }

            await SendAsync(chunk.Bytes.AsMemory(0, chunk.Count));
            ArrayPool<byte>.Shared.Return(chunk.Bytes);
        }

        if (!_isOver)
        {
            to.Shutdown(SocketShutdown.Send);
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0 && !_isOver)
        {
            await WaitWhileAsync(conditions => conditions.Blackhole == RelayBlackhole.Held && !_isOver);
            RelayConditions now = _conditions;
            if (now.Blackhole == RelayBlackhole.Swallowed || _isOver)
            {
                return;
            }

            int size = now.IsByteByByte ? 1 : bytes.Length;
            if (now.BytesPerSecond is { } rate)
            {
                size = Math.Min(size, Math.Max(1, rate / SlicesPerSecond));
                await PaceAsync(size, rate);
            }

            size = await CutBeforeAsync(size);
            int sent = await TrySendAsync(bytes[..size]);
            _budget -= sent;
            bytes = bytes[sent..];
            await CutBeforeAsync(1);
        }
    }

    /// <summary>How many of these bytes may be sent before the cut. Ends the connection if none.</summary>
    private async ValueTask<int> CutBeforeAsync(int size)
    {
        if (_cut is not { } cut)
        {
            return size;
        }

        if (cut != _countedCut)
        {
            _countedCut = cut;
            _budget = cut.AfterBytes;
        }

        if (_budget > 0)
        {
            return (int)Math.Min(size, _budget);
        }

        await WaitUntilDeliveredAsync();
        if (cut.How == RelayEnd.Reset)
        {
            connection.Reset();
        }
        else
        {
            connection.Close();
        }

        throw new OperationCanceledException();
    }

    // A reset discards bytes that have not reached the peer's kernel yet.
    private async Task WaitUntilDeliveredAsync()
    {
        while (!TcpState.Read(to).IsAllAcknowledged)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, end);
        }
    }

    /// <summary>Number of bytes the kernel took, possibly not all.</summary>
    private async ValueTask<int> TrySendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return await to.SendAsync(bytes, SocketFlags.None, end);
        }
        catch (SocketException) when (_isOver)
        {
            return bytes.Length;
        }
    }

    private async Task PaceAsync(int bytes, int rate)
    {
        long now = Stopwatch.GetTimestamp();
        _freeAt = Math.Max(_freeAt, now) + (bytes * Stopwatch.Frequency / rate);
        await Task.Delay(Stopwatch.GetElapsedTime(now, _freeAt), TimeProvider.System, end);
    }

    private async Task WaitUntilDueAsync(long receivedAt, Func<RelayConditions, TimeSpan> extra)
    {
        while (!_isOver)
        {
            Task changed = Volatile.Read(ref _changed).Task;
            RelayConditions now = _conditions;
            TimeSpan rest = now.Latency + extra(now) - Stopwatch.GetElapsedTime(receivedAt);
            if (now.Blackhole != RelayBlackhole.Held && rest <= TimeSpan.Zero)
            {
                return;
            }

            TimeSpan wait = now.Blackhole == RelayBlackhole.Held ? Timeout.InfiniteTimeSpan : rest;
            await Task.WhenAny(changed, Task.Delay(wait, TimeProvider.System, end));
            end.ThrowIfCancellationRequested();
        }
    }

    private async Task WaitWhileAsync(Func<RelayConditions, bool> holds)
    {
        while (true)
        {
            Task changed = Volatile.Read(ref _changed).Task;
            if (!holds(_conditions))
            {
                return;
            }

            await changed.WaitAsync(end);
        }
    }

    private void Wake() => Interlocked.Exchange(
        ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    /// <param name="Bytes">Rented.</param>
    /// <param name="Count">0: the end of the stream.</param>
    /// <param name="ReceivedAt">When the relay received it.</param>
    private readonly record struct Chunk(byte[] Bytes, int Count, long ReceivedAt);
}
