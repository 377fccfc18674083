namespace RedisProxy.Actors;

/// <summary>Time since this object was made. It never jumps, unlike the wall clock. Any thread.</summary>
internal sealed class MonotonicClock(TimeProvider time)
{
    private readonly long _origin = time.GetTimestamp();

    public TimeSpan Now => time.GetElapsedTime(_origin);
}
