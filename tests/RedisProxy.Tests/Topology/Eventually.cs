using System.Runtime.CompilerServices;

namespace RedisProxy.Tests.Topology;

/// <summary>Waiting for what other threads do, without sleeping longer than needed.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FakePatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RealStep = TimeSpan.FromMilliseconds(2);

    /// <summary>Within ten real seconds.</summary>
    public static async Task TrueAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        long start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > Patience)
            {
                Assert.Fail($"not within {Patience}: {what}");
            }

            await Task.Delay(RealStep, TimeProvider.System);
        }
    }

    /// <summary>
    /// Moves a fake clock on in small steps, so that sockets get their turn in between, until it is so; for twenty fake seconds at most.
    /// On a busy machine sockets are slow, seen from the fake clock: expect "not before", and "not after" with much room.
    /// </summary>
    /// <param name="clock">Moved.</param>
    /// <param name="condition">What is waited for.</param>
    /// <param name="what">For the message.</param>
    /// <returns>The fake time that it took.</returns>
    public static async Task<TimeSpan> TrueWithinAsync(
        FakeTimeProvider clock, Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        DateTimeOffset start = clock.GetUtcNow();
        while (!condition())
        {
            if (clock.GetUtcNow() - start >= FakePatience)
            {
                Assert.Fail($"not within {FakePatience} of fake time: {what}");
            }

            clock.Advance(TimeSpan.FromMilliseconds(20));
            await GiveWayAsync();
        }

        return clock.GetUtcNow() - start;
    }

    /// <summary>Moves a fake clock on and checks all the while that something stays so.</summary>
    public static async Task StaysTrueAsync(
        FakeTimeProvider clock, TimeSpan time, Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        DateTimeOffset start = clock.GetUtcNow();
        while (clock.GetUtcNow() - start < time)
        {
            clock.Advance(TimeSpan.FromMilliseconds(30));
            await GiveWayAsync();
            Assert.True(condition(), $"{clock.GetUtcNow() - start} later: {what}");
        }
    }

    // A delay takes several milliseconds more than it should, and thousands of them are needed.
    private static async Task GiveWayAsync()
    {
        long start = TimeProvider.System.GetTimestamp();
        do
        {
            Thread.Yield();
            await Task.Yield();
        }
        while (TimeProvider.System.GetElapsedTime(start) < RealStep);
    }
}
