namespace RedisProxy.Actors;

/// <summary>Growing pauses between attempts, with jitter, so that many proxies do not retry in step. Not thread-safe.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan max)
{
    private const double Spread = 0.2;

    private readonly TimeSpan _first = first;
    private TimeSpan _next = first;

    /// <summary>After a success: the next pause is short again.</summary>
    public void Reset() => _next = _first;

    public TimeSpan Next()
    {
        TimeSpan pause = _next;
        _next = pause * 2 > max ? max : pause * 2;
        return WithJitter(pause);
    }

    /// <summary>Up to a fifth shorter or longer.</summary>
    public static TimeSpan WithJitter(TimeSpan interval) => interval * (1 - Spread + (2 * Spread * NextRandom()));

#pragma warning disable CA5394 // Spreads load in time; nothing secret depends on it.
    private static double NextRandom() => Random.Shared.NextDouble();
#pragma warning restore CA5394
}
