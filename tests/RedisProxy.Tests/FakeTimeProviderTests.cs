namespace RedisProxy.Tests;

public class FakeTimeProviderTests
{
    [Fact]
    public void Advance_SeveralTimers_FireInOrderEachAtItsMoment()
    {
        var clock = new FakeTimeProvider();
        var fired = new List<(string Name, TimeSpan At)>();
        using ITimer late = Make("late", 300);
        using ITimer early = Make("early", 100);
        using ITimer never = Make("never", 301);

        clock.Advance(TimeSpan.FromMilliseconds(300));

        Assert.Equal([("early", TimeSpan.FromMilliseconds(100)), ("late", TimeSpan.FromMilliseconds(300))], fired);

        ITimer Make(string name, int ms) =>
            clock.CreateTimer(_ => fired.Add((name, clock.Elapsed)), null, TimeSpan.FromMilliseconds(ms), Timeout.InfiniteTimeSpan);
    }

    [Fact]
    public void Advance_PeriodicTimer_FiresEachTimeUntilDisposed()
    {
        var clock = new FakeTimeProvider();
        int fired = 0;
        ITimer timer = clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        clock.Advance(TimeSpan.FromSeconds(6));
        timer.Dispose();
        clock.Advance(TimeSpan.FromSeconds(60));

        Assert.Equal(3, fired);
    }

    [Fact]
    public async Task Delay_OnThisClock_EndsWhenAdvanced()
    {
        var clock = new FakeTimeProvider();
        Task delay = Task.Delay(TimeSpan.FromSeconds(5), clock);
        clock.Advance(TimeSpan.FromMilliseconds(4999));
        Assert.False(delay.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await delay;
    }

    [Fact]
    public void GetElapsedTime_OddFrequency_IsCloseAndNeverTooLong()
    {
        var clock = new FakeTimeProvider();
        long start = clock.GetTimestamp();
        clock.Advance(TimeSpan.FromMilliseconds(100));
        Assert.InRange(clock.GetElapsedTime(start), TimeSpan.FromMilliseconds(99.99), TimeSpan.FromMilliseconds(100));
    }
}
