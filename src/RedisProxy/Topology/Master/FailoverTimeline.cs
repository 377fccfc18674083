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
    private FirstSign? _first;

    // The same without the failover on demand that is under way: what is left when that is aborted.
    private FirstSign? _otherwise;
    private bool _isPlanned;
    private bool _isTrouble;
    private bool _isOnDemand;

    public FailoverHistory History { get; } = new();

    /// <summary>A possible start of a failover; only the first sign of an outage counts.</summary>
    public void Sign()
    {
        _first ??= Now;
        if (_isOnDemand)
        {
            _otherwise ??= Now;
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

    /// <summary>This process begins a failover on demand, or has ended it.</summary>
    public void OnDemand(bool isUnderWay)
    {
        if (isUnderWay)
        {
            _otherwise = _first;
            _first = Now;
        }
        else if (_isOnDemand)
        {
            // The master may be in trouble by now, with an outage that has only begun.
            _first = _otherwise;
        }

        _isOnDemand = isUnderWay;
    }

    /// <summary>Nothing is wrong. What was a sign of trouble is none any more.</summary>
    public void Calm()
    {
        if (!_isOnDemand)
        {
            End();
        }
    }

    public void Accepted(IPEndPoint old, MasterCandidate candidate, string who)
    {
        Sign();
        _otherwise = _first;
        History.Add(new FailoverRecord
        {
            Kind = _isOnDemand ? FailoverKind.OnDemand
                : _isTrouble && !_isPlanned ? FailoverKind.Unplanned
                : FailoverKind.Planned,
            FirstSignAt = _first!.Value.At,
            FirstSign = _first.Value.Timestamp,
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
        End();
        return elapsed;
    }

    /// <summary>The previous master takes requests again.</summary>
    /// <returns>The time since the first sign.</returns>
    public TimeSpan CameBack(MasterCandidate master) => Stay(FailoverKind.Restart, master, who: "");

    /// <summary>Requests were held for a failover that did not come.</summary>
    /// <param name="who">Announced it.</param>
    public void CameToNothing(MasterCandidate master, string who) => Stay(FailoverKind.FalseAlarm, master, who);

    private TimeSpan Stay(FailoverKind kind, MasterCandidate master, string who)
    {
        FirstSign first = (_isOnDemand ? _otherwise : _first) ?? Now;
        TimeSpan elapsed = _clock.Now - first.Monotonic;
        History.Add(new FailoverRecord
        {
            Kind = kind,
            FirstSignAt = first.At,
            FirstSign = first.Timestamp,
            AvailableAfter = elapsed,
            Old = master.Address,
            New = master.Address,
            Epoch = master.Epoch,
            Who = who,
        });
        End();
        return elapsed;
    }

    private void End()
    {
        _first = null;
        _otherwise = null;
        _isPlanned = false;
        _isTrouble = false;
        _isOnDemand = false;
    }

    private FirstSign Now => new(_clock.Now, time.GetUtcNow(), time.GetTimestamp());

    private TimeSpan Elapsed => _first is { } first ? _clock.Now - first.Monotonic : TimeSpan.Zero;

    /// <summary>One moment, by three clocks.</summary>
    private readonly record struct FirstSign(TimeSpan Monotonic, DateTimeOffset At, long Timestamp);
}
