using RedisProxy.Configuration;

namespace RedisProxy.Notify;

/// <summary>A rate limit: a burst, then one more after each interval. One user at a time.</summary>
internal sealed class TokenBucket
{
    private readonly TimeProvider _time;
    private readonly NotifyRateLimitOptions _limit;
    private long _tokens;
    private long _filledAt;

    public TokenBucket(NotifyRateLimitOptions limit, TimeProvider time)
    {
        _time = time;
        _limit = limit;
        _tokens = limit.Burst;
        _filledAt = time.GetTimestamp();
    }

    public bool TryTake()
    {
        Fill();
        if (_tokens == 0)
        {
            return false;
        }

        _tokens--;
        return true;
    }

    // Whole tokens only; the remaining time counts towards the next one, except while the bucket is full.
    private void Fill()
    {
        TimeSpan passed = _time.GetElapsedTime(_filledAt);
        long gained = passed.Ticks / _limit.Interval.Ticks;
        if (_tokens + gained >= _limit.Burst)
        {
            _tokens = _limit.Burst;
            _filledAt = _time.GetTimestamp();
        }
        else if (gained > 0)
        {
            _tokens += gained;
            double ticks = (double)gained * _limit.Interval.Ticks / TimeSpan.TicksPerSecond * _time.TimestampFrequency;
            _filledAt += (long)ticks;
        }
    }
}
