using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace RedisProxy.Testing;

/// <summary>
/// Writers that append unique elements to lists, over plain connections, and record the reply to each. They never send an element twice
/// once redis or the proxy got it: an element of unknown outcome is abandoned, and the next one has the next number.
/// </summary>
public sealed class CountingWriter : IAsyncDisposable
{
    private readonly CountingWriterOptions _options;
    private readonly Func<Task<RawClient>> _connect;
    private readonly CancellationTokenSource _end = new();
    private readonly long _epoch = Stopwatch.GetTimestamp();
    private readonly Task<List<WriteRecord>>[] _writers;
    private readonly int[] _byOutcome = new int[Enum.GetValues<WriteOutcome>().Length];
    private int _connectionsBroken;
    private WriteHistory? _history;

    private CountingWriter(Func<Task<RawClient>> connect, CountingWriterOptions options)
    {
        _connect = connect;
        _options = options;
        _writers = [.. Enumerable.Range(0, options.Writers).Select(writer => Task.Run(() => WriteAsync(writer)))];
    }

    /// <summary>On the clock of the history.</summary>
    public TimeSpan Now => Stopwatch.GetElapsedTime(_epoch);

    public int ConnectionsBroken => Volatile.Read(ref _connectionsBroken);

    public static CountingWriter Start(int port, CountingWriterOptions? options = null) =>
        Start(() => RawClient.ConnectAsync(port), options);

    /// <param name="connect">Opens a connection, and authenticates if needed.</param>
    /// <param name="options">Null: the defaults.</param>
    public static CountingWriter Start(Func<Task<RawClient>> connect, CountingWriterOptions? options = null) =>
        new(connect, options ?? new CountingWriterOptions());

    /// <summary>Number of writes with this outcome so far.</summary>
    public int Count(WriteOutcome outcome) => Volatile.Read(ref _byOutcome[(int)outcome]);

    /// <summary>Waits until this many further writes have been acknowledged.</summary>
    public Task WaitForAcknowledgedAsync(int more, TimeSpan within)
    {
        int wanted = Count(WriteOutcome.Acknowledged) + more;
        return Eventually.Within(
            within, () => Count(WriteOutcome.Acknowledged) >= wanted, $"{more} more writes are acknowledged ({wanted} in all)");
    }

    /// <summary>Ends all writers in an orderly way: requests in flight are still answered.</summary>
    public async Task<WriteHistory> StopAsync()
    {
        if (_history is null)
        {
            await _end.CancelAsync();
            List<WriteRecord>[] records = await Task.WhenAll(_writers);
            _history = new WriteHistory([.. records.SelectMany(list => list)], ConnectionsBroken, Now);
        }

        return _history;
    }

    /// <summary>Ends all writers and compares the replies they got with what this server holds.</summary>
    public async Task<LossReport> CompareAsync(RedisServer master)
    {
        WriteHistory history = await StopAsync();
        using RawClient client = await master.ConnectAsync();
        var stored = new Dictionary<int, IReadOnlyList<string>>();
        for (int writer = 0; writer < _options.Writers; writer++)
        {
            RawReply list = RedisServer.Expect(await client.CallAsync("LRANGE", Key(writer), "0", "-1"), "LRANGE");
            stored[writer] = [.. list.Items.Select(item => item.Text ?? "")];
        }

        return history.Compare(stored);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _end.Dispose();
    }

    private string Key(int writer) => _options.KeyPrefix + writer.ToString(CultureInfo.InvariantCulture);

    private async Task<List<WriteRecord>> WriteAsync(int writer)
    {
        var records = new List<WriteRecord>();
        RawClient? client = null;
        while (!_end.IsCancellationRequested)
        {
            if (client is null && (client = await TryConnectAsync()) is null)
            {
                await PauseAsync(_options.ReconnectPause);
                continue;
            }

            if (!await TryWriteBurstAsync(client, writer, records))
            {
                Interlocked.Increment(ref _connectionsBroken);
                client.Dispose();
                client = null;
            }
            else if (_options.Pace > TimeSpan.Zero)
            {
                await PauseAsync(_options.Pace);
            }
        }

        client?.Dispose();
        return records;
    }

    private async Task<RawClient?> TryConnectAsync()
    {
        try
        {
            RawClient client = await _connect();
            client.Timeout = _options.ReplyWithin;
            return client;
        }
        catch (Exception e) when (IsBreak(e) || e is InvalidOperationException)
        {
            // Also if authentication failed, as it may while there is no master.
            return null;
        }
    }

    // False: the connection broke; everything unanswered has been recorded as such.
    private async Task<bool> TryWriteBurstAsync(RawClient client, int writer, List<WriteRecord> records)
    {
        int first = records.Count + 1;
        int answered = 0;
        TimeSpan sentAt = Now;
        try
        {
            byte[] burst = [.. Enumerable.Range(first, _options.PipelineDepth)
                .SelectMany(number => RawClient.Command("RPUSH", Key(writer), WriteRecord.Element(writer, number)))];
            await client.SendAsync(burst);
            for (; answered < _options.PipelineDepth; answered++)
            {
                RawReply reply = await client.ReadReplyAsync();
                WriteOutcome outcome = reply.IsError ? WriteRecord.OutcomeOf(reply.ErrorCode) : WriteOutcome.Acknowledged;
                Note(records, new WriteRecord(writer, first + answered, outcome, reply.ErrorCode, sentAt, Now));
            }

            return true;
        }
        catch (Exception e) when (IsBreak(e))
        {
            string name = e is SocketException socket ? socket.SocketErrorCode.ToString() : e.GetType().Name;
            for (; answered < _options.PipelineDepth; answered++)
            {
                Note(records, new WriteRecord(writer, first + answered, WriteOutcome.Broken, name, sentAt, Now));
            }

            return false;
        }
    }

    private void Note(List<WriteRecord> records, WriteRecord record)
    {
        records.Add(record);
        Interlocked.Increment(ref _byOutcome[(int)record.Outcome]);
    }

    private async Task PauseAsync(TimeSpan time)
    {
        try
        {
            await Task.Delay(time, TimeProvider.System, _end.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopped; the loop notices.
        }
    }

    private static bool IsBreak(Exception e) =>
        e is SocketException or IOException or TimeoutException or FormatException or OperationCanceledException;
}
