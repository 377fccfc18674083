using RedisProxy.Load.Reporting;
using RedisProxy.Testing;

namespace RedisProxy.Load.Failover;

/// <summary>One failover, as the writers behind one target saw it.</summary>
/// <param name="WorstPauseMs">The longest time between two successes of a writer: that of the writer with the longest.</param>
/// <param name="MedianPauseMs">Likewise, of the median writer.</param>
/// <param name="Acknowledged">Writes.</param>
/// <param name="Lost">Of these: not there when all has settled.</param>
/// <param name="Errors">That writers were answered with, by code.</param>
/// <param name="ConnectionsLost">Each was opened again.</param>
/// <param name="IsHonest">Nothing lost, executed twice or late, or there although it was denied.</param>
internal sealed record TargetOutcome(
    double WorstPauseMs,
    double MedianPauseMs,
    int Acknowledged,
    int Lost,
    IReadOnlyDictionary<string, int> Errors,
    int ConnectionsLost,
    bool IsHonest)
{
    /// <param name="history">What the writers were told.</param>
    /// <param name="report">The same, compared with what is stored.</param>
    /// <param name="since">When the failover began, by the clock of the history.</param>
    public static TargetOutcome Of(WriteHistory history, LossReport report, TimeSpan since)
    {
        Spread pauses = Spread.Of(
            history.Records.GroupBy(r => r.Writer).Select(own => LongestPause(own, since, history.Length).TotalMilliseconds));
        return new TargetOutcome(
            pauses.Most,
            pauses.Median,
            report.Acknowledged,
            report.Lost.Count,
            history.Records
                .Where(r => r.Outcome is not (WriteOutcome.Acknowledged or WriteOutcome.Broken))
                .GroupBy(r => r.Error)
                .ToDictionary(group => group.Key, group => group.Count()),
            report.ConnectionsBroken,
            report.IsHonest);
    }

    // Of those that end after the failover began: before it, only the start of the writers could make one.
    private static TimeSpan LongestPause(IEnumerable<WriteRecord> own, TimeSpan since, TimeSpan end)
    {
        (TimeSpan longest, TimeSpan last) = (TimeSpan.Zero, TimeSpan.Zero);
        foreach (TimeSpan at in own.Where(r => r.Outcome == WriteOutcome.Acknowledged).Select(r => r.AnsweredAt).Append(end))
        {
            if (at > since && at - last > longest)
            {
                longest = at - last;
            }

            last = at;
        }

        return longest;
    }
}

/// <summary>One failover, seen through both.</summary>
/// <param name="Proxy">RedisProxy.</param>
/// <param name="Haproxy">HAProxy.</param>
/// <param name="Further">Failovers that Sentinel made just after it, unasked: it took the new master for dead.</param>
internal sealed record FailoverOutcome(TargetOutcome Proxy, TargetOutcome Haproxy, int Further);
