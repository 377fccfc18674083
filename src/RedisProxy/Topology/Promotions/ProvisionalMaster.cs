namespace RedisProxy.Topology;

/// <summary>
/// A master that was accepted because it reports to have been promoted, before any Sentinel does. The leading Sentinel follows within about
/// a second. If it dies in that second, the others turn the promotion back some eight seconds later, and what the promoted server has
/// acknowledged by then is lost (redis, sentinel.c: a replica that turned into a master unexpectedly).
/// </summary>
/// <param name="Master">With the epoch after that of its predecessor: no failover has a lower one.</param>
/// <param name="Predecessor">The one that the Sentinels still report.</param>
/// <param name="Since">A timestamp of the clock.</param>
/// <param name="Time">The clock.</param>
internal sealed record ProvisionalMaster(MasterCandidate Master, MasterCandidate Predecessor, long Since, TimeProvider Time)
{
    /// <summary>Sentinel asks a promoted replica once a second whether it is a master.</summary>
    private static readonly TimeSpan ConfirmWithin = TimeSpan.FromSeconds(2);

    /// <summary>Its predecessor is its replica now: whatever the Sentinels do, nothing that it has acknowledged is lost.</summary>
    public bool IsFirm { get; init; }

    /// <summary>Until it is doubted; null when that does not happen, or has happened.</summary>
    public TimeSpan? Rest => !IsFirm && Age < ConfirmWithin ? ConfirmWithin - Age : null;

    public MasterDoubt? Doubt => IsFirm || Age < ConfirmWithin
        ? null
        : new MasterDoubt(
            Master.Announced.ToString(),
            $"no Sentinel has confirmed within {ConfirmWithin.TotalSeconds} s that {Master.Announced} is the master");

    private TimeSpan Age => Time.GetElapsedTime(Since);

    /// <summary>A Sentinel reports it as the master.</summary>
    public bool IsConfirmedBy(IEnumerable<SentinelVote> votes) =>
        votes.Any(vote => vote.IsReachable && Master.Address.Equals(vote.Address));
}
