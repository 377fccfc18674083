using Microsoft.Extensions.Logging;

using RedisProxy.Actors;

namespace RedisProxy.Topology;

/// <summary>
/// Logs why no master is known yet: not at once, because most starts are quick, and then again at long intervals. On its owner's
/// thread.
/// </summary>
internal sealed class NoMasterReminder(string masterName, MonotonicClock clock, ILogger logger)
{
    private static readonly TimeSpan FirstAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private TimeSpan? _next;

    /// <summary>When the next message is due.</summary>
    public TimeSpan Due => (_next ?? clock.Now + FirstAfter) - clock.Now;

    /// <summary>To be called after every look that finds no master.</summary>
    public void Say(string reason)
    {
        _next ??= clock.Now + FirstAfter;
        if (clock.Now >= _next)
        {
            _next = clock.Now + Interval;
            MasterLog.WaitingForMaster(logger, masterName, reason);
        }
    }
}
