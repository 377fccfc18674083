using RedisProxy.Configuration;
using RedisProxy.Topology;

namespace RedisProxy.Notify;

/// <summary>
/// Is a majority of the known Sentinels reachable? They are the same for all masters, so this is reported once and not per master.
/// Starts judging once there has been a majority. One user at a time.
/// </summary>
internal sealed class SentinelWatch(NotificationIds ids, TimeProvider time)
{
    private bool _hadMajority;
    private long? _lost;
    private long _lostAt;
    private TimeSpan _lasted;

    /// <summary>The present loss; null: there is none.</summary>
    public Ongoing? Ongoing { get; private set; }

    /// <summary>The loss that ended with this look; for receivers that were notified of its beginning.</summary>
    public (long Id, TimeSpan Lasted, Func<Notification> Tell)? Ended { get; private set; }

    public void Look(IEnumerable<ITopologySource> sources)
    {
        SentinelCount count = Count(sources);
        Ended = null;
        Ongoing = null;
        if (count.Known == 0)
        {
            // No Sentinel, or nothing known yet.
            return;
        }

        _hadMajority |= count.IsMajority;
        if (count.IsMajority && _lost is { } over)
        {
            _lost = null;
            _lasted = time.GetElapsedTime(_lostAt);
            Ended = (over, _lasted, () => Make(
                NotifyEvent.SentinelsBack,
                $"{Of(count)} Sentinels are reachable from this proxy again: a majority, after {Seconds(_lasted)} without one",
                count));
        }
        else if (!count.IsMajority && _hadMajority)
        {
            TellLoss(count);
        }
    }

    private void TellLoss(SentinelCount count)
    {
        if (_lost is null)
        {
            _lost = ids.NextOngoing();
            _lostAt = time.GetTimestamp();
        }

        TimeSpan lasted = time.GetElapsedTime(_lostAt);
        Ongoing = new Ongoing(_lost.Value, lasted, NotifyEvent.SentinelsLost, Master: null, () => Make(
            NotifyEvent.SentinelsLost,
            $"Only {Of(count)} Sentinels have been reachable from this proxy for {Seconds(lasted)}: no majority, so it may miss a "
                + "failover, and the last known master is kept",
            count));
    }

    // Of the source with the fewest connections: another master's views may show a loss sooner.
    private static SentinelCount Count(IEnumerable<ITopologySource> sources) => sources
        .Select(source => source.Current.Sentinels)
        .Where(sentinels => sentinels.Count > 0)
        .Select(sentinels => new SentinelCount(sentinels.Count, sentinels.Count(sentinel => sentinel.IsConnected)))
        .OrderBy(count => count.Connected)
        .FirstOrDefault() ?? new SentinelCount(0, 0);

    private Notification Make(NotifyEvent one, string text, SentinelCount count) => new()
    {
        Id = ids.NextMessage(),
        Event = one,
        At = time.GetUtcNow(),
        Text = text,
        Sentinels = count,
    };

    private static string Of(SentinelCount count) => FormattableString.Invariant($"{count.Connected} of {count.Known}");

    private static string Seconds(TimeSpan duration) => FormattableString.Invariant($"{duration.TotalSeconds:0.0} s");
}
