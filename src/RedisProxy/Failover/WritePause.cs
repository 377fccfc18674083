using System.Globalization;

using RedisProxy.Servers;

namespace RedisProxy.Failover;

/// <summary>
/// Pauses the writes of all clients of one server, including those that do not use a proxy (<c>CLIENT PAUSE … WRITE</c>, redis 6.2). The
/// server ends a pause by itself, so it is renewed every second while it is needed: should this process die, no client waits longer than
/// <see cref="Lasts"/>. It has a connection of its own, so that nothing else can delay its renewal.
/// </summary>
internal sealed class WritePause(ServerConnection server, TimeProvider time) : IAsyncDisposable
{
    /// <summary>The duration of each order.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromSeconds(5);

    // Whatever happens here, no client waits longer than this and one more pause.
    private static readonly TimeSpan RenewAtMost = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(20);
    private static readonly string LastsMs = Lasts.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);

    private readonly CancellationTokenSource _enough = new();
    private Task _renewing = Task.CompletedTask;
    private long _saidAt;
    private long? _confirmedAt;
    private bool _hasLapsed;

    /// <summary>Writes are paused, or may be, and the pause has not been ended.</summary>
    public bool IsOn { get; private set; }

    /// <summary>Certainly no write was executed since it began.</summary>
    public bool IsUnbroken => !_hasLapsed && _confirmedAt is { } said && time.GetElapsedTime(said) < Lasts;

    /// <exception cref="ServerException">The server refuses, or does not answer; it may be paused all the same.</exception>
    public async Task BeginAsync()
    {
        // Before the answer: a missing answer leaves open whether it is paused.
        IsOn = true;
        await SayAsync();
        _renewing = RenewAsync();
    }

    /// <summary>Retries until the server has confirmed the end, or the pause must have expired.</summary>
    /// <exception cref="ServerException">The server has not confirmed it.</exception>
    public async Task EndAsync()
    {
        await LetRunOutAsync();
        while (IsOn)
        {
            try
            {
                await server.AskAsync("CLIENT", "UNPAUSE");
                IsOn = false;
            }
            catch (ServerException) when (time.GetElapsedTime(_saidAt) < Lasts)
            {
                await Task.Delay(RetryInterval, time);
            }
        }
    }

    /// <summary>It is no longer renewed, so it ends by itself.</summary>
    public async Task LetRunOutAsync()
    {
        await _enough.CancelAsync();
        await _renewing;
    }

    public async ValueTask DisposeAsync()
    {
        await LetRunOutAsync();
        await server.DisposeAsync();
        _enough.Dispose();
    }

    private async Task RenewAsync()
    {
        long begun = time.GetTimestamp();
        while (time.GetElapsedTime(begun) < RenewAtMost)
        {
            try
            {
                await Task.Delay(RenewInterval, time, _enough.Token);
                await SayAsync();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (ServerException)
            {
                // Retried in a second. IsUnbroken tells whether it has expired by then.
            }
        }
    }

    private async Task SayAsync()
    {
        long saidAt = _saidAt = time.GetTimestamp();
        await server.AskAsync("CLIENT", "PAUSE", LastsMs, "WRITE");

        // The server began it at some time between the two moments.
        _hasLapsed |= _confirmedAt is { } before && time.GetElapsedTime(before) >= Lasts;
        _confirmedAt = saidAt;
    }
}
