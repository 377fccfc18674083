using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// How long Sentinels' failure signs are heeded while the master answers. If they are right, everything the master acknowledges meanwhile
/// is lost; if they last, they are wrong, because no failover takes that long. A misbehaving Sentinel must not stall traffic: signs that
/// outlasted a pause do not count until they have cleared, and useless pauses use up the <see cref="PauseBudget"/> of the Sentinel that
/// caused them. Nothing else prevents a pause for the next failover: it may be a real one.
/// <para>Belongs to one <see cref="MasterTracker"/>, on its clock.</para>
/// </summary>
internal sealed class PauseRules(HoldOptions hold)
{
    private readonly PauseBudget _budget = new();
    private HoldOptions _hold = hold;
    private bool _signsAreSpent;

    /// <summary>Until when a master that came back waits for the Sentinels to agree; null when it does not wait.</summary>
    public TimeSpan? PatientUntil { get; private set; }

    /// <summary>There are signs, and no pause has outlasted them.</summary>
    public bool Heeds(FailureSigns signs) => signs.Any && !_signsAreSpent;

    /// <summary>The options have changed; a pause in progress keeps its deadline.</summary>
    public void Reconfigure(HoldOptions hold) => _hold = hold;

    public void SignsChanged(FailureSigns signs) => _signsAreSpent &= signs.Any;

    /// <summary>A Sentinel is about to promote a replica.</summary>
    /// <param name="who">That Sentinel.</param>
    /// <param name="isOrdered">It does not consider the master down.</param>
    /// <param name="now">On the tracker's clock.</param>
    public HoldPause? TryBegin(string who, bool isOrdered, TimeSpan now)
    {
        string what = isOrdered ? "has begun a planned failover" : "is about to promote a replica";
        return TryBegin(who, $"Sentinel {who} {what}", isPlanned: true, now);
    }

    /// <summary>For whatever speaks against a master that answers.</summary>
    public HoldPause? TryBegin(FailureSigns signs, MasterDoubt? doubt, TimeSpan now)
    {
        if (doubt is not null)
        {
            return TryBegin(doubt.Who, doubt.Reason, isPlanned: true, now, doubt);
        }

        string what = signs.IsSaidDown ? "reports the master down, although it answers the proxy" : "reports a failover in progress";
        return Heeds(signs) ? TryBegin(signs.Who, $"Sentinel {signs.Who} {what}", isPlanned: !signs.IsSaidDown, now) : null;
    }

    /// <summary>Traffic was paused, and continues to the same master.</summary>
    /// <returns>False: the Sentinel that caused it has used up its budget and is ignored until that is full again.</returns>
    public bool PauseWasUseless(HoldPause pause, FailureSigns signs, TimeSpan now)
    {
        _signsAreSpent = signs.Any;
        return _budget.Charge(pause.Who, now - pause.Began, now);
    }

    /// <summary>A master that was down answers again, but the Sentinels disagree: is there still time to wait for them?</summary>
    public bool IsPatient(TimeSpan now)
    {
        PatientUntil ??= now + _hold.PlannedTimeout;
        return now < PatientUntil;
    }

    public void EndPatience(bool signsAreSpent)
    {
        PatientUntil = null;
        _signsAreSpent |= signsAreSpent;
    }

    /// <summary>Another master was accepted: signs about it are new.</summary>
    public void Forget()
    {
        _signsAreSpent = false;
        PatientUntil = null;
    }

    private HoldPause? TryBegin(string who, string reason, bool isPlanned, TimeSpan now, MasterDoubt? doubt = null) =>
        _hold.Planned && _budget.IsLeftTo(who, now)
            ? new HoldPause(who, isPlanned, now, now + _hold.PlannedTimeout) { Reason = reason, Doubt = doubt }
            : null;
}
