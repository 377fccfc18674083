using System.Diagnostics;
using System.Net.Sockets;

namespace RedisProxy.Testing;

/// <summary>
/// Everything that the Sentinels of a deployment publish, with the time of arrival. One connection per Sentinel, reopened when a Sentinel
/// comes back.
/// </summary>
public sealed class SentinelEventLog : IAsyncDisposable
{
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(50);

    private readonly long _epoch = Stopwatch.GetTimestamp();
    private readonly CancellationTokenSource _end = new();
    private readonly List<SentinelEvent> _events = [];
    private readonly Lock _gate = new();
    private readonly Task[] _followers;
    private readonly Action<SentinelEvent>? _onEvent;
    private int _subscribed;

    internal SentinelEventLog(IReadOnlyList<SentinelServer> sentinels, Action<SentinelEvent>? onEvent)
    {
        _onEvent = onEvent;
        _followers = [.. sentinels.Select(FollowAsync)];
    }

    /// <summary>The clock of this log and of <see cref="SentinelEvent.At"/>.</summary>
    public TimeSpan Now => Stopwatch.GetElapsedTime(_epoch);

    /// <summary>In order of arrival.</summary>
    public IReadOnlyList<SentinelEvent> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>Number of Sentinels followed at this moment.</summary>
    internal int Subscribed => Volatile.Read(ref _subscribed);

    public IReadOnlyList<SentinelEvent> Since(TimeSpan time) => [.. All.Where(e => e.At >= time)];

    /// <summary>When each Sentinel first published <c>+switch-master</c> after this time; without those that did not.</summary>
    public IReadOnlyDictionary<SentinelServer, TimeSpan> Switches(TimeSpan since) => Since(since)
        .Where(e => e.Channel == "+switch-master")
        .GroupBy(e => e.Sentinel)
        .ToDictionary(group => group.Key, group => group.First().At);

    /// <summary>The Sentinel last elected as leader of a failover; null if none was since this time.</summary>
    public SentinelServer? Leader(TimeSpan since = default) => Since(since).LastOrDefault(e => e.Channel == "+elected-leader")?.Sentinel;

    /// <summary>Waits for an event; returns at once if it has arrived since <paramref name="since"/>.</summary>
    public Task<SentinelEvent> WaitAsync(string channel, TimeSpan since, TimeSpan within, SentinelServer? sentinel = null) =>
        Eventually.Within(
            within,
            () => Task.FromResult(
                Since(since).FirstOrDefault(e => e.Channel == channel && (sentinel is null || e.Sentinel == sentinel))!),
            found => found is not null,
            $"{channel} from {sentinel?.Name ?? "any Sentinel"}");

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_followers);
        _end.Dispose();
    }

    private async Task FollowAsync(SentinelServer sentinel)
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                using RawClient client = await sentinel.ConnectAsync();
                await using CancellationTokenRegistration close = _end.Token.Register(client.Dispose);
                await FollowAsync(sentinel, client);
            }
            catch (Exception e) when (e is IOException or SocketException or TimeoutException or ObjectDisposedException
                or OperationCanceledException)
            {
                // Gone, or about to be. Retried below.
            }

            await Task.Delay(ReconnectPause, TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task FollowAsync(SentinelServer sentinel, RawClient client)
    {
        await client.CallAsync("PSUBSCRIBE", "*");
        client.Timeout = Timeout.InfiniteTimeSpan;
        Interlocked.Increment(ref _subscribed);
        try
        {
            while (true)
            {
                RawReply message = await client.ReadReplyAsync();
                // pmessage, pattern, channel, text
                var seen = new SentinelEvent(Now, sentinel, message.Items[2].Text ?? "", message.Items[3].Text ?? "");
                lock (_gate)
                {
                    _events.Add(seen);
                }

                _onEvent?.Invoke(seen);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _subscribed);
        }
    }
}

/// <param name="At">Since the log began.</param>
/// <param name="Sentinel">The publisher.</param>
/// <param name="Channel">Such as <c>+switch-master</c>.</param>
/// <param name="Text">Such as <c>mymaster 127.0.0.1 6379 127.0.0.1 6380</c>.</param>
public sealed record SentinelEvent(TimeSpan At, SentinelServer Sentinel, string Channel, string Text)
{
    /// <summary>A failover was given up.</summary>
    public bool IsAbort => Channel.StartsWith("-failover-abort", StringComparison.Ordinal);

    public override string ToString() => $"{At.TotalSeconds:0.000} {Sentinel.Name} {Channel} {Text}";
}
