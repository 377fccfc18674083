using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// A master that was accepted because it reports to have been promoted, before any Sentinel does. The leading Sentinel follows within about
/// a second. If it dies in that second, the others turn the promotion back some eight seconds later, and what the promoted server has
/// acknowledged by then is lost (redis, sentinel.c: a replica that turned into a master unexpectedly). So it is doubted as soon as no
/// Sentinel that can be reached leads a failover any more.
/// </summary>
/// <param name="Master">With the epoch after that of its predecessor: no failover has a lower one.</param>
/// <param name="Predecessor">The one that the Sentinels still report.</param>
/// <param name="Since">A timestamp of the clock.</param>
/// <param name="Time">The clock.</param>
internal sealed record ProvisionalMaster(MasterCandidate Master, MasterCandidate Predecessor, long Since, TimeProvider Time)
{
    /// <summary>Sentinel asks a promoted replica once a second whether it is a master.</summary>
    private static readonly TimeSpan ConfirmWithin = TimeSpan.FromSeconds(2);

    /// <summary>For the flags of the Sentinel whose event has announced the failover.</summary>
    private static readonly TimeSpan LeadWithin = TimeSpan.FromMilliseconds(200);

    private bool _isLed;

    /// <summary>
    /// The Sentinel that has announced the promotion; null when none was heard to. Its flags are no sign: one that was not elected has them
    /// as well, for as long as an election may take.
    /// </summary>
    public HostEndpoint? Leader { get; init; }

    /// <summary>Its predecessor is its replica now: whatever the Sentinels do, nothing that it has acknowledged is lost.</summary>
    public bool IsFirm { get; init; }

    /// <summary>Until it is doubted; null when that does not happen, or has happened.</summary>
    public TimeSpan? Rest => !IsFirm && Age < Within ? Within - Age : null;

    public MasterDoubt? Doubt => IsFirm || Age < Within
        ? null
        : new MasterDoubt(Master.Announced.ToString(), $"no Sentinel has confirmed that {Master.Announced} is the master");

    private TimeSpan Within => _isLed ? ConfirmWithin : LeadWithin;

    private TimeSpan Age => Time.GetElapsedTime(Since);

    /// <summary>This, judged by whether the leader of the failover can be reached.</summary>
    public ProvisionalMaster LedBy(IEnumerable<SentinelVote> votes) => this with
    {
        _isLed = votes.Any(vote => vote.IsReachable
            && (Leader is null ? vote.Report.Answer is { SaysFailingOver: true } : vote.Sentinel == Leader)),
    };

    /// <summary>A Sentinel reports it as the master, and not because it was one before its predecessor.</summary>
    public bool IsConfirmedBy(IEnumerable<SentinelVote> votes) =>
        votes.Any(vote => vote.IsReachable && Master.Address.Equals(vote.Address) && vote.Epoch >= Master.Epoch);
}
