namespace RedisProxy.Topology;

/// <summary>
/// One pause because a failover seems to be coming, while the master still answers. Ends in two steps: first there is a reason, then
/// the probe must confirm the master with a look that began after it. Belongs to one <see cref="MasterTracker"/>.
/// </summary>
/// <param name="who">The Sentinels that caused it.</param>
/// <param name="isPlanned">It began with a failover that goes on, not with a master that is said to be down.</param>
/// <param name="began">On the tracker's clock, as is <paramref name="deadline"/>.</param>
/// <param name="deadline">When it ends if nothing comes of it.</param>
internal sealed class HoldPause(string who, bool isPlanned, TimeSpan began, TimeSpan deadline)
{
    private long? _confirmedBy;

    public string Who => who;

    public TimeSpan Began => began;

    public TimeSpan Deadline => deadline;

    /// <summary>The event that said so; null while none did.</summary>
    public string? AbortedBy { get; set; }

    /// <summary>A replica has been told to be the master. Once it is, the present one's acknowledgements are worth nothing.</summary>
    public bool IsPromoting { get; set; }

    public bool IsEnding => _confirmedBy is not null;

    public bool IsOverdue { get; private set; }

    public string EndReason { get; private set; } = "";

    /// <summary>A look that covers this suspicion is new enough.</summary>
    public long ConfirmedBySuspicion => _confirmedBy ?? long.MaxValue;

    // Flags that disappear prove nothing about a planned failover: the leader, which alone has them, may only be out of reach.
    public string? ReasonToEnd(FailureSigns signs, TimeSpan now)
    {
        if (AbortedBy is not null && !signs.IsFailingOver)
        {
            return $"the failover was given up ({AbortedBy})";
        }

        if (!isPlanned && !signs.Any)
        {
            return "the Sentinels do not say that it is down any more";
        }

        IsOverdue = now >= deadline;
        return IsOverdue ? "no new master came, and the old one still answers" : null;
    }

    public void EndWith(string reason, long suspicion)
    {
        EndReason = reason;
        _confirmedBy = suspicion;
    }
}
