using RedisProxy.Actors;
using RedisProxy.Tests.Topology;

namespace RedisProxy.Tests.Actors;

public class InboxTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly RecordingLog _log = new();

    [Fact]
    public async Task Run_MessagesFromManyThreads_AreHandledOneAtATimeInOrder()
    {
        var inbox = new Inbox(() => { }, _clock, _log);
        using var stop = new CancellationTokenSource();
        Task run = inbox.RunAsync(stop.Token);
        int inside = 0;
        int overlaps = 0;
        int[] last = new int[4];
        int disorder = 0;
        Parallel.For(0, 4, thread =>
        {
            for (int i = 1; i <= 1000; i++)
            {
                int number = i;
                inbox.Post(() =>
                {
                    overlaps += Interlocked.Increment(ref inside) == 1 ? 0 : 1;
                    disorder += last[thread] + 1 == number ? 0 : 1;
                    last[thread] = number;
                    Interlocked.Decrement(ref inside);
                });
            }
        });
        await Eventually.TrueAsync(() => last.Sum() == 4000);
        Assert.Equal((0, 0), (overlaps, disorder));
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Run_MessageThrows_IsLoggedAndTheNextIsHandled()
    {
        var inbox = new Inbox(() => { }, _clock, _log);
        using var stop = new CancellationTokenSource();
        Task run = inbox.RunAsync(stop.Token);
        bool isHandled = false;
        inbox.Post(() => throw new InvalidOperationException("a bug"));
        inbox.Post(() => Volatile.Write(ref isHandled, true));
        await Eventually.TrueAsync(() => Volatile.Read(ref isHandled));
        Assert.Equal(1, _log.CountOf(2999));
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task WakeIn_SetAgain_RingsOnceAtTheLastTime()
    {
        int rings = 0;
        var inbox = new Inbox(() => rings++, _clock, _log);
        using var stop = new CancellationTokenSource();
        Task run = inbox.RunAsync(stop.Token);
        await RunMessageAsync(inbox, () => inbox.WakeIn(TimeSpan.FromMilliseconds(10)));
        await RunMessageAsync(inbox, () => inbox.WakeIn(TimeSpan.FromMilliseconds(500)));
        _clock.Advance(TimeSpan.FromMilliseconds(499));
        await RunMessageAsync(inbox, () => Assert.Equal(0, rings));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await RunMessageAsync(inbox, () => Assert.Equal(1, rings));
        await RunMessageAsync(inbox, () => inbox.WakeIn(TimeSpan.FromTicks(-5)));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await RunMessageAsync(inbox, () => Assert.Equal(2, rings));
        await stop.CancelAsync();
        await run;
        Assert.Equal(0, _log.CountOf(2999));
    }

    [Fact]
    public async Task Stop_WorkIsUnderWay_IsCancelledAndAwaited()
    {
        var inbox = new Inbox(() => { }, _clock, _log);
        using var stop = new CancellationTokenSource();
        Task run = inbox.RunAsync(stop.Token);
        bool hasEnded = false;
        Inbox.Work stopped = null!;
        await RunMessageAsync(inbox, () =>
        {
            inbox.Start(async token =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, _clock, token).ContinueWith(_ => { }, TaskScheduler.Default);
                Volatile.Write(ref hasEnded, true);
            });
            inbox.Start(_ => Task.FromException(new InvalidOperationException("a bug")));
            stopped = inbox.Start(token => Task.Delay(Timeout.InfiniteTimeSpan, _clock, token));
        });
        await RunMessageAsync(inbox, () => stopped.Stop());
        await stopped.Done;
        Assert.False(Volatile.Read(ref hasEnded));
        await stop.CancelAsync();
        await run;
        Assert.True(Volatile.Read(ref hasEnded));
        Assert.Equal(1, _log.CountOf(2999));
    }

    private static async Task RunMessageAsync(Inbox inbox, Action message)
    {
        var done = new TaskCompletionSource();
        inbox.Post(() =>
        {
            try
            {
                message();
                done.SetResult();
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        });
        await done.Task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
    }
}
