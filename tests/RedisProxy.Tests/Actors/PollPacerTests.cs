using RedisProxy.Actors;

namespace RedisProxy.Tests.Actors;

public class PollPacerTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly Task Never = new TaskCompletionSource().Task;

    private readonly FakeTimeProvider _clock = new();
    private readonly PollPacer _pacer;

    public PollPacerTests()
    {
        _pacer = new PollPacer(_clock);
        _pacer.Begin();
    }

    [Fact]
    public async Task Next_NobodyKicks_ComesAfterTheInterval()
    {
        Task next = _pacer.NextAsync(Interval, Never, CancellationToken.None);
        _clock.Advance(TimeSpan.FromMilliseconds(990));
        Assert.False(next.IsCompleted);
        _clock.Advance(TimeSpan.FromMilliseconds(11));
        await next;
    }

    [Fact]
    public async Task Next_KickedTooSoon_WaitsForTheSpacing()
    {
        _pacer.Kick();
        Task next = _pacer.NextAsync(Interval, Never, CancellationToken.None);
        _clock.Advance(TimeSpan.FromMilliseconds(49));
        await Task.Yield();
        Assert.False(next.IsCompleted);
        await AdvanceUntilDoneAsync(next, 51);
    }

    [Fact]
    public async Task Next_UrgentKickWhileWaitingForTheSpacing_CutsItShort()
    {
        _pacer.Kick();
        Task next = _pacer.NextAsync(Interval, Never, CancellationToken.None);
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        _pacer.KickUrgently();
        await next.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    [Fact]
    public async Task Next_InterruptEnds_ComesAtOnce()
    {
        var interrupt = new TaskCompletionSource();
        Task next = _pacer.NextAsync(Interval, interrupt.Task, CancellationToken.None);
        _clock.Advance(TimeSpan.FromMilliseconds(10));
        interrupt.SetResult();
        await next.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }

    [Fact]
    public async Task Next_KickedDuringTheRound_AsksForOneMore()
    {
        _clock.Advance(TimeSpan.FromMilliseconds(60));
        _pacer.Kick();
        _pacer.Kick();
        await _pacer.NextAsync(Interval, Never, CancellationToken.None);
        Task next = _pacer.NextAsync(Interval, Never, CancellationToken.None);
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        await Task.Yield();
        Assert.False(next.IsCompleted);
        await AdvanceUntilDoneAsync(next, 1000);
    }

    [Fact]
    public async Task Next_Stopped_Throws()
    {
        using var stop = new CancellationTokenSource();
        Task next = _pacer.NextAsync(Interval, Never, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    private async Task AdvanceUntilDoneAsync(Task task, int limitMs)
    {
        DateTimeOffset end = _clock.GetUtcNow() + TimeSpan.FromMilliseconds(limitMs);
        while (!task.IsCompleted && _clock.GetUtcNow() < end)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        await task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }
}
