using Microsoft.Extensions.Logging;

namespace RedisProxy.Topology;

/// <summary>Logs that the lease had run out: long times at once, short ones now and then. Any thread.</summary>
internal sealed class LapseNotice(MonotonicClock clock, ILogger logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongTime = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private TimeSpan _quietUntil;
    private long _unsaid;

    /// <param name="lapsed">Zero: it had not.</param>
    public void Say(TimeSpan lapsed)
    {
        if (lapsed <= TimeSpan.Zero)
        {
            return;
        }

        lock (_gate)
        {
            bool isLong = lapsed >= LongTime;
            if (clock.Now < _quietUntil && !isLong)
            {
                _unsaid++;
                return;
            }

            TopologyLog.LeaseLapsed(logger, isLong ? LogLevel.Warning : LogLevel.Information, lapsed, _unsaid);
            _quietUntil = clock.Now + Interval;
            _unsaid = 0;
        }
    }
}
