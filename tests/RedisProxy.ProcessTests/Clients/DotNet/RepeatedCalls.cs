using System.Diagnostics;

using RedisProxy.Testing;

using StackExchange.Redis;

namespace RedisProxy.ProcessTests.Clients.DotNet;

/// <summary>
/// An application at work: callers that do the same thing again and again, each with the next number once the last one is done, whatever
/// became of it. None is repeated.
/// </summary>
internal sealed class RepeatedCalls : IAsyncDisposable
{
    public const string Unknown = "UNKNOWN";
    public const string NotExecuted = "NOT-EXECUTED";

    private const string ConnectionLost = "connection lost, sent";

    /// <summary>The write itself failed: the client does not know how much of the command was sent.</summary>
    private const string ConnectionLostInWrite = "connection lost in the write";

    // These say that there was none, and so nothing was sent.
    private const ConnectionFailureType NoConnection = ConnectionFailureType.UnableToResolvePhysicalConnection;
    private const ConnectionFailureType NotConnected = ConnectionFailureType.UnableToConnect;

    private const int Looks = 5;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);

    /// <summary>The master is down for Sentinel after a second, so what is waited for while it is stopped must be shorter.</summary>
    private static readonly TimeSpan StoppedAtMost = TimeSpan.FromMilliseconds(700);

    private readonly Func<int, long, Task> _call;
    private readonly Lock _gate = new();
    private readonly List<long>[] _acknowledged;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _all;
    private List<string> _errors = [];
    private TimeSpan _longestPause;

    /// <param name="callers">How many there are at the same time.</param>
    /// <param name="call">What each does; given its own number, and that of the call.</param>
    public RepeatedCalls(int callers, Func<int, long, Task> call)
    {
        _call = call;
        _acknowledged = [.. Enumerable.Range(0, callers).Select(_ => new List<long>())];
        _all = Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(caller))));
    }

    public int Callers => _acknowledged.Length;

    private int Total
    {
        get
        {
            lock (_gate)
            {
                return _acknowledged.Sum(numbers => numbers.Count);
            }
        }
    }

    /// <summary>Numbers of the calls of this caller that ended without an error, in their order.</summary>
    public IReadOnlyList<long> Acknowledged(int caller)
    {
        lock (_gate)
        {
            return [.. _acknowledged[caller]];
        }
    }

    /// <summary>Something happens while they are at work, and they get on afterwards.</summary>
    /// <returns>What they were told meanwhile.</returns>
    public async Task<IReadOnlyList<string>> ThroughAsync(ITestOutputHelper output, string what, Func<Task> strikeAsync)
    {
        await GetOnAsync();
        Take();
        await strikeAsync();
        await GetOnAsync();
        (IReadOnlyList<string> errors, TimeSpan longestPause) = Take();
        string all = string.Join("; ", errors.GroupBy(error => error).Select(same => $"{same.Count()} x {same.Key}"));
        output.WriteLine($"{what}: longest call {longestPause.TotalSeconds:0.00} s, {errors.Count} errors. {all}");
        return errors;
    }

    // Since this was asked last.
    private (IReadOnlyList<string> Errors, TimeSpan LongestPause) Take()
    {
        lock (_gate)
        {
            (List<string> errors, TimeSpan pause) = (_errors, _longestPause);
            (_errors, _longestPause) = ([], TimeSpan.Zero);
            return (errors, pause);
        }
    }

    /// <summary>Waits until every caller has got on.</summary>
    public Task GetOnAsync()
    {
        int[] wanted;
        lock (_gate)
        {
            wanted = [.. _acknowledged.Select(numbers => numbers.Count + Looks)];
        }

        return Eventually.Within(
            ApplicationStage.Patience,
            () =>
            {
                lock (_gate)
                {
                    return _acknowledged.Zip(wanted).All(pair => pair.First.Count >= pair.Second);
                }
            },
            "every caller gets on");
    }

    /// <summary>
    /// Of each caller one command at most was in flight when the master was lost, and is UNKNOWN. On a busy machine Sentinel may need a
    /// second vote, which is longer than the proxy lets requests wait: those are NOT-EXECUTED. Nothing else is seen.
    /// </summary>
    public void AssertToldUnknownOfWhatWasInFlight(IReadOnlyList<string> errors)
    {
        Assert.All(errors, error => Assert.True(error is Unknown or NotExecuted, error));
        Assert.InRange(errors.Count(error => error == Unknown), 0, Callers);
    }

    /// <summary>
    /// Of each caller one command at most was on its way when the connection was lost. The client says that it was sent; or, where the loss
    /// came while it was being written, that it does not know.
    /// </summary>
    public void AssertToldOfTheLostConnection(IReadOnlyList<string> errors)
    {
        Assert.All(errors, error => Assert.True(error is ConnectionLost or ConnectionLostInWrite, error));
        Assert.InRange(errors.Count, 0, Callers);
    }

    /// <summary>Waits until none gets a reply any more, so that each surely has something in flight.</summary>
    public async Task AreStuckAsync()
    {
        int last = -1;
        int unchanged = 0;
        try
        {
            await Eventually.Within(
                StoppedAtMost,
                () =>
                {
                    int now = Total;
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

    /// <summary>Lets the last call of each end. The numbers and errors stay.</summary>
    public async Task StopAsync()
    {
        await _end.CancelAsync();
        await _all;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _end.Dispose();
    }

    /// <summary>What a caller is told, in the terms of the contract, or in the client's own.</summary>
    private static string Describe(Exception e) => (new ClientError(e.Message, []).Kind, e) switch
    {
        (ClientErrorKind.Unknown, RedisServerException) => Unknown,
        (ClientErrorKind.NotExecuted, RedisServerException { Kind: RedisErrorKind.Loading }) => NotExecuted,
        (_, RedisConnectionException { CommandStatus: CommandStatus.Sent }) => ConnectionLost,
        (_, RedisConnectionException { CommandStatus: CommandStatus.Unknown, FailureType: not (NoConnection or NotConnected) }) =>
            ConnectionLostInWrite,
        (_, RedisConnectionException { CommandStatus: CommandStatus status } lost) => $"no connection, {lost.FailureType}, {status}",
        (_, RedisTimeoutException { Commandstatus: CommandStatus status }) => $"timeout, {status}",
        _ => $"{e.GetType().Name}: {e.Message}",
    };

    private async Task CallAsync(int caller)
    {
        for (long n = 0; !_end.IsCancellationRequested; n++)
        {
            long start = Stopwatch.GetTimestamp();
            string? error = null;
            try
            {
                await _call(caller, n);
            }
#pragma warning disable CA1031 // Whatever an application may be told is judged by the test.
            catch (Exception e)
#pragma warning restore CA1031
            {
                error = Describe(e);
            }

            lock (_gate)
            {
                TimeSpan took = Stopwatch.GetElapsedTime(start);
                _longestPause = took > _longestPause ? took : _longestPause;
                if (error is null)
                {
                    _acknowledged[caller].Add(n);
                }
                else
                {
                    _errors.Add(error);
                }
            }

            await Task.Delay(Pace, TimeProvider.System);
        }
    }
}
