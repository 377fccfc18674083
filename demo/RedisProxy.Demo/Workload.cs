using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

using RedisProxy.Testing;

using StackExchange.Redis;

namespace RedisProxy.Demo;

/// <summary>
/// What the application does during one round: writers append unique elements, each to a list of its own; readers read them. Each writer
/// waits for its reply before the next write, and records the outcome.
/// </summary>
internal sealed class Workload : IAsyncDisposable
{
    private const int Writers = 8;
    private const int Readers = 2;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);

    private readonly Application _application;
    private readonly string _keyPrefix;
    private readonly long _epoch = Stopwatch.GetTimestamp();
    private readonly int _connectionsLostBefore;
    private readonly CancellationTokenSource _end = new();
    private readonly List<WriteRecord>[] _records;
    private readonly Task _all;
    private readonly ConcurrentDictionary<string, int> _readErrors = new();
    private TimeSpan? _length;
    private long _replies;
    private long _errors;
    private (long Replies, long Errors, TimeSpan At) _said;

    /// <param name="application">Whose connection all of them share.</param>
    /// <param name="round">Makes the keys unique.</param>
    public Workload(Application application, string round)
    {
        _application = application;
        _connectionsLostBefore = application.ConnectionsLost;
        _keyPrefix = $"demo:{round}:";
        _records = [.. Enumerable.Range(0, Writers).Select(_ => new List<WriteRecord>())];
        _all = Task.WhenAll(
            Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(writer)))
                .Concat(Enumerable.Range(0, Readers).Select(reader => Task.Run(() => ReadAsync(reader)))));
    }

    /// <summary>Errors have come since <see cref="TakeProgress"/> was asked.</summary>
    public bool HasNewErrors => Interlocked.Read(ref _errors) > _said.Errors;

    public int ConnectionsLost => _application.ConnectionsLost - _connectionsLostBefore;

    /// <summary>What has come since this was asked last, or since the beginning: each reply and each error is said once.</summary>
    public Progress TakeProgress()
    {
        var now = (Replies: Interlocked.Read(ref _replies), Errors: Interlocked.Read(ref _errors), At: Stopwatch.GetElapsedTime(_epoch));
        var progress = new Progress((now.Replies - _said.Replies) / (now.At - _said.At).TotalSeconds, now.Errors - _said.Errors);
        _said = now;
        return progress;
    }

    /// <summary>Ends the writers and compares the outcomes they saw with the data of the master.</summary>
    public async Task<RoundResult> FinishAsync(RedisServer master)
    {
        await StopAsync();
        var stored = new Dictionary<int, IReadOnlyList<string>>();
        using RawClient client = await master.ConnectAsync();
        for (int writer = 0; writer < Writers; writer++)
        {
            RawReply list = await client.CallAsync("LRANGE", Key(writer), "0", "-1");
            stored[writer] = [.. list.Items.Select(item => item.Text ?? "")];
        }

        var history = new WriteHistory([.. _records.SelectMany(list => list)], ConnectionsLost, _length!.Value);
        return new RoundResult(history.Compare(stored), _readErrors, ConnectionsLost);
    }

    public async Task StopAsync()
    {
        await _end.CancelAsync();
        await _all;
        // What comes after the last writer ended is no pause.
        _length ??= Stopwatch.GetElapsedTime(_epoch);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _end.Dispose();
    }

    private string Key(int writer) => _keyPrefix + writer.ToString(CultureInfo.InvariantCulture);

    private async Task WriteAsync(int writer)
    {
        IDatabase database = _application.Database;
        List<WriteRecord> records = _records[writer];
        while (!_end.IsCancellationRequested)
        {
            int number = records.Count + 1;
            TimeSpan sentAt = Stopwatch.GetElapsedTime(_epoch);
            (WriteOutcome outcome, string error) = (WriteOutcome.Acknowledged, "");
            try
            {
                await database.ListRightPushAsync(Key(writer), WriteRecord.Element(writer, number));
                Interlocked.Increment(ref _replies);
            }
            catch (Exception e) when (e is RedisException or RedisCommandException or TimeoutException)
            {
                (outcome, error) = Classify(e);
                Interlocked.Increment(ref _errors);
            }

            records.Add(new WriteRecord(writer, number, outcome, error, sentAt, Stopwatch.GetElapsedTime(_epoch)));
            await PauseAsync();
        }
    }

    private async Task ReadAsync(int reader)
    {
        IDatabase database = _application.Database;
        while (!_end.IsCancellationRequested)
        {
            try
            {
                await database.ListLengthAsync(Key(reader));
                Interlocked.Increment(ref _replies);
            }
            catch (Exception e) when (e is RedisException or RedisCommandException or TimeoutException)
            {
                _readErrors.AddOrUpdate(Classify(e).Error, 1, static (_, count) => count + 1);
                Interlocked.Increment(ref _errors);
            }

            await PauseAsync();
        }
    }

    private static (WriteOutcome Outcome, string Error) Classify(Exception e)
    {
        switch (e)
        {
            case RedisServerException:
                string code = e.Message.Split(' ', 2)[0];
                return (WriteRecord.OutcomeOf(code), code);
            case RedisConnectionException { CommandStatus: CommandStatus.WaitingToBeSent or CommandStatus.WaitingInBacklog }:
            case RedisTimeoutException { Commandstatus: CommandStatus.WaitingToBeSent or CommandStatus.WaitingInBacklog }:
                // The client had no connection for it, or the server is a replica now, and did not even send it.
                return (WriteOutcome.OtherError, "not sent");
            case RedisCommandException:
                return (WriteOutcome.OtherError, "not sent");
            case RedisConnectionException:
                return (WriteOutcome.Broken, "connection lost");
            default:
                return (WriteOutcome.Broken, "no reply in 10 s");
        }
    }

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(Pace, TimeProvider.System, _end.Token);
        }
        catch (OperationCanceledException)
        {
            // The end; the loop sees it.
        }
    }
}

/// <param name="RepliesPerSecond">Without an error, to writes and reads.</param>
/// <param name="Errors">Writes and reads that came to nothing, for whatever reason.</param>
internal readonly record struct Progress(double RepliesPerSecond, long Errors);

/// <param name="Writes">The outcomes of the writes, compared with what is stored.</param>
/// <param name="ReadErrors">Reads that came to nothing, by their error.</param>
/// <param name="ConnectionsLost">How often the application's connection was lost.</param>
internal sealed record RoundResult(LossReport Writes, IReadOnlyDictionary<string, int> ReadErrors, int ConnectionsLost)
{
    /// <summary>Of writes and reads: the same that the lines of a round say.</summary>
    public int Errors => Codes.Sum(ErrorsOf);

    public IEnumerable<string> Codes => Writes.Errors.Keys.Union(ReadErrors.Keys);

    public int ErrorsOf(string code) => Writes.Errors.GetValueOrDefault(code) + ReadErrors.GetValueOrDefault(code);
}
