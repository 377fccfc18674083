namespace RedisProxy.Topology;

/// <summary>
/// One pause because a failover seems imminent, while the master still answers. Ends in two steps: a reason to end it, then a probe
/// begun after that reason confirms the master. Belongs to one <see cref="MasterTracker"/>.
/// </summary>
/// <param name="who">The Sentinels that caused it.</param>
/// <param name="isPlanned">It began with a failover in progress, not with a master reported down.</param>
/// <param name="began">On the tracker's clock, as is <paramref name="deadline"/>.</param>
/// <param name="deadline">When it ends if no failover follows.</param>
internal sealed class HoldPause(string who, bool isPlanned, TimeSpan began, TimeSpan deadline)
{
    private long? _confirmedBy;

    public string Who => who;

    public TimeSpan Began => began;

    public TimeSpan Deadline => deadline;

    /// <summary>The event that reported the abort; null while there is none.</summary>
    public string? AbortedBy { get; set; }

    /// <summary>A replica has been ordered to become master. Once it has, the present master's acknowledgements are worthless.</summary>
    public bool IsPromoting { get; set; }

    /// <summary>Why it began, for logs and status.</summary>
    public required string Reason { get; init; }

    /// <summary>It began with this doubt, not with a report of Sentinels.</summary>
    public MasterDoubt? Doubt { get; init; }

    public bool IsEnding => _confirmedBy is not null;

    public bool IsOverdue { get; private set; }

    public string EndReason { get; private set; } = "";

    /// <summary>A probe that covers this suspicion is recent enough.</summary>
    public long ConfirmedBySuspicion => _confirmedBy ?? long.MaxValue;

    // Flags that disappear prove nothing about a planned failover: the leader, the only Sentinel to set them, may just be unreachable.
    public string? ReasonToEnd(FailureSigns signs, MasterDoubt? doubt, TimeSpan now)
    {
        if (doubt is not null)
        {
            return null;
        }

        if (Doubt is not null && !signs.Any)
        {
            return $"it is no longer so that {Doubt.Reason}";
        }

        if (AbortedBy is not null && !signs.IsFailingOver)
        {
            return $"the failover was aborted ({AbortedBy})";
        }

        if (!isPlanned && !signs.Any)
        {
            return "the Sentinels no longer report it down";
        }

        IsOverdue = now >= deadline;
        return IsOverdue ? "no new master appeared, and the old one still answers" : null;
    }

    public void EndWith(string reason, long suspicion)
    {
        EndReason = reason;
        _confirmedBy = suspicion;
    }
}
