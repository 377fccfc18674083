using System.Net;

using RedisProxy.Actors;

namespace RedisProxy.Topology;

/// <summary>
/// From the first sign of trouble to the master that takes requests again: measures one outage and records it in the history.
/// Belongs to one <see cref="MasterTracker"/>, on its thread.
/// </summary>
internal sealed class FailoverTimeline(TimeProvider time)
{
    private readonly MonotonicClock _clock = new(time);
    private TimeSpan? _began;
    private DateTimeOffset _beganAt;
    private bool _isPlanned;
    private bool _isTrouble;

    public FailoverHistory History { get; } = new();

    /// <summary>A possible start of a failover; only the first sign of an outage counts.</summary>
    public void Sign()
    {
        if (_began is null)
        {
            _began = _clock.Now;
            _beganAt = time.GetUtcNow();
        }
    }

    /// <summary>A failover, or the reason for one.</summary>
    /// <param name="isOrdered">It was requested; otherwise the master is lost, or reported down.</param>
    public void Sign(bool isOrdered)
    {
        Sign();
        _isTrouble |= !isOrdered;
        _isPlanned |= !_isTrouble;
    }

    /// <summary>A false alarm, or the outage is over.</summary>
    public void Calm()
    {
        _began = null;
        _isPlanned = false;
        _isTrouble = false;
    }

    public void Accepted(IPEndPoint old, MasterCandidate candidate, string who)
    {
        Sign();
        History.Add(new FailoverRecord
        {
            Kind = _isTrouble && !_isPlanned ? FailoverKind.Unplanned : FailoverKind.Planned,
            FirstSignAt = _beganAt,
            AcceptedAfter = Elapsed,
            Old = old,
            New = candidate.Address,
            Epoch = candidate.Epoch,
            Who = who,
        });
    }

    /// <summary>The accepted master takes requests.</summary>
    /// <returns>The time since the first sign.</returns>
    public TimeSpan Available()
    {
        TimeSpan elapsed = Elapsed;
        History.Complete(elapsed);
        Calm();
        return elapsed;
    }

    /// <summary>The previous master takes requests again.</summary>
    /// <returns>The time since the first sign.</returns>
    public TimeSpan CameBack(MasterCandidate master)
    {
        TimeSpan elapsed = Elapsed;
        History.Add(new FailoverRecord
        {
            Kind = FailoverKind.Restart,
            FirstSignAt = _beganAt,
            AvailableAfter = elapsed,
            Old = master.Address,
            New = master.Address,
            Epoch = master.Epoch,
        });
        Calm();
        return elapsed;
    }

    private TimeSpan Elapsed => _began is { } began ? _clock.Now - began : TimeSpan.Zero;
}
