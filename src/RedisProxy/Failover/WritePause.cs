using System.Globalization;

using RedisProxy.Servers;

namespace RedisProxy.Failover;

/// <summary>
/// The writes of all clients of one server wait, those that do not come through a proxy included (<c>CLIENT PAUSE … WRITE</c>, redis
/// 6.2). The server ends a pause by itself, so it is ordered anew every second while it is needed: should this process die, nobody waits
/// longer than <see cref="Lasts"/>. It has a connection of its own: nothing else that is waited for keeps it from being renewed.
/// </summary>
internal sealed class WritePause(ServerConnection server, TimeProvider time) : IAsyncDisposable
{
    /// <summary>What the server is told each time.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromSeconds(5);

    // Whatever happens here, nobody waits longer than this and one pause more.
    private static readonly TimeSpan RenewAtMost = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(20);
    private static readonly string LastsMs = Lasts.TotalMilliseconds.ToString("0", CultureInfo.InvariantCulture);

    private readonly CancellationTokenSource _enough = new();
    private Task _renewing = Task.CompletedTask;
    private long _saidAt;
    private long? _confirmedAt;
    private bool _hasLapsed;

    /// <summary>Writes are paused, or may be, and it has not been ended.</summary>
    public bool IsOn { get; private set; }

    /// <summary>Surely no write was executed since it began.</summary>
    public bool IsUnbroken => !_hasLapsed && _confirmedAt is { } said && time.GetElapsedTime(said) < Lasts;

    /// <exception cref="ServerException">The server refuses, or does not answer; it may be paused all the same.</exception>
    public async Task BeginAsync()
    {
        // Before the answer: one that does not come says nothing about whether it is paused.
        IsOn = true;
        await SayAsync();
        _renewing = RenewAsync();
    }

    /// <summary>Tries until the server has said that it is over, or it must have run out.</summary>
    /// <exception cref="ServerException">The server has not said so.</exception>
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

    /// <summary>It is not renewed any more, so it ends by itself.</summary>
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
                // Said again in a second. Whether it has run out by then, IsUnbroken tells.
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
