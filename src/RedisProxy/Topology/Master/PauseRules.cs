using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// How long Sentinels' bad signs are heeded while the master answers. If they are right, what it acknowledges meanwhile is lost; if they
/// last, they are wrong, because a failover does not take that long. A Sentinel that goes mad must not stall traffic: signs that outlasted
/// a pause do not count until they have been gone, and pauses that came to nothing use up the <see cref="PauseBudget"/> of the Sentinel
/// that caused them. Nothing else keeps the next failover from being paused for: it may be a real one.
/// <para>Belongs to one <see cref="MasterTracker"/>, on its clock.</para>
/// </summary>
internal sealed class PauseRules(HoldOptions hold)
{
    private readonly PauseBudget _budget = new();
    private HoldOptions _hold = hold;
    private bool _signsAreSpent;

    /// <summary>Until when a master that came back waits for the Sentinels to agree; null when it does not.</summary>
    public TimeSpan? PatientUntil { get; private set; }

    /// <summary>Bad, and not outlasted.</summary>
    public bool Heeds(FailureSigns signs) => signs.Any && !_signsAreSpent;

    /// <summary>The options have changed; a pause that has begun keeps its deadline.</summary>
    public void Reconfigure(HoldOptions hold) => _hold = hold;

    public void SignsChanged(FailureSigns signs) => _signsAreSpent &= signs.Any;

    public HoldPause? TryBegin(string who, bool isPlanned, TimeSpan now) =>
        _hold.Planned && _budget.IsLeftTo(who, now)
            ? new HoldPause(who, isPlanned, now, now + _hold.PlannedTimeout)
            : null;

    /// <summary>Traffic was stopped, and goes on to the same master.</summary>
    /// <returns>False: it was one too many, and whoever caused it is not heeded until its budget is full again.</returns>
    public bool PauseWasUseless(HoldPause pause, FailureSigns signs, TimeSpan now)
    {
        _signsAreSpent = signs.Any;
        return _budget.Charge(pause.Who, now - pause.Began, now);
    }

    /// <summary>A master that was down answers again, against bad signs: is it still early enough to wait for them?</summary>
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

    /// <summary>Another master was accepted: what is said of it is news.</summary>
    public void Forget()
    {
        _signsAreSpent = false;
        PatientUntil = null;
    }
}
