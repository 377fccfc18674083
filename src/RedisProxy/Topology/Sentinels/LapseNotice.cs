using Microsoft.Extensions.Logging;

using RedisProxy.Actors;

namespace RedisProxy.Topology;

/// <summary>Logs that the lease had expired, at most once in ten seconds, with the count of lapses since the last message. Any
/// thread.</summary>
internal sealed class LapseNotice(MonotonicClock clock, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongTime = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    // At startup the lease has not begun yet.
    private TimeSpan _quietUntil = Interval;
    private TimeSpan _longest;
    private long _count;

    /// <param name="lapsed">Zero: the lease had not expired.</param>
    public void Say(TimeSpan lapsed)
    {
        if (lapsed <= TimeSpan.Zero)
        {
            return;
        }

        lock (_gate)
        {
            _count++;
            _longest = lapsed > _longest ? lapsed : _longest;
            if (clock.Now < _quietUntil)
            {
                return;
            }

            LogLevel level = _longest >= LongTime ? LogLevel.Warning : LogLevel.Information;
            SentinelLog.LeaseLapsed(logger, level, (long)_longest.TotalMilliseconds, _count);
            _quietUntil = clock.Now + Interval;
            _longest = TimeSpan.Zero;
            _count = 0;
        }
    }
}
