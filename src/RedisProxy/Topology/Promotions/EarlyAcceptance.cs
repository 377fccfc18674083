using System.Net;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// What replicas' own word changes: which one to accept before a Sentinel reports it, and what speaks against the accepted master
/// meanwhile. Belongs to one monitor of a master, on its thread.
/// </summary>
internal sealed class EarlyAcceptance(TimeProvider time)
{
    private readonly PromotionWatch _watch = new(time);
    private ProvisionalMaster? _provisional;

    /// <summary>The Sentinels' older reports do not count against the accepted master.</summary>
    public bool IsFirm => _provisional is { IsFirm: true };

    /// <summary>Null: nothing speaks against the accepted master.</summary>
    public MasterDoubt? Doubt => _provisional?.Doubt ?? (_watch.Seen is { } promotion
        ? new MasterDoubt(promotion.Replica.ToString(), $"its replica {promotion.Replica} has become a master")
        : null);

    /// <summary>Until <see cref="Doubt"/> changes by itself; null: it does not.</summary>
    public TimeSpan? Rest => _provisional?.Rest;

    /// <summary>The accepted master's predecessor, while the Sentinels report that one; otherwise null.</summary>
    public IPEndPoint? Predecessor => _provisional?.Predecessor.Address;

    /// <param name="view">What the replicas report.</param>
    /// <param name="master">The accepted one.</param>
    public void Observe(ReplicationView view, IPEndPoint? master) => _watch.Observe(view, master);

    /// <summary>Compares with the Sentinels' present answers.</summary>
    /// <param name="votes">One for each known Sentinel.</param>
    /// <param name="master">The accepted one.</param>
    /// <param name="patience">How long all of them are waited for before most suffice.</param>
    public void Judge(IReadOnlyCollection<SentinelVote> votes, IPEndPoint? master, TimeSpan patience)
    {
        _watch.Follow(master);
        _watch.Judge(votes, patience);
        if (_provisional is { } early && (!early.Master.Address.Equals(master) || early.IsConfirmedBy(votes)))
        {
            _provisional = null;
        }
    }

    /// <summary>The replica that has been promoted, to be accepted in place of <paramref name="former"/>; null: none is known of.</summary>
    public MasterCandidate? Accept(MasterCandidate former, IReadOnlyCollection<SentinelVote> votes, AddressPolicy policy) =>
        _watch.Seen is { } seen ? Accept(AnnouncedAddressOf(seen.Replica, votes, policy), seen.Address, former, isFirm: false) : null;

    /// <summary>This one, because the former master has been made its replica.</summary>
    public MasterCandidate AcceptFirmly(HostEndpoint announced, IPEndPoint address, MasterCandidate former) =>
        Accept(announced, address, former, isFirm: true);

    private MasterCandidate Accept(HostEndpoint announced, IPEndPoint address, MasterCandidate former, bool isFirm)
    {
        _watch.Follow(address);
        var candidate = new MasterCandidate(announced, address, former.Epoch + 1);
        _provisional = new ProvisionalMaster(candidate, former, time.GetTimestamp(), time) { IsFirm = isFirm };
        return candidate;
    }

    private static HostEndpoint AnnouncedAddressOf(HostEndpoint replica, IReadOnlyCollection<SentinelVote> votes, AddressPolicy policy) =>
        votes.SelectMany(vote => vote.Report.Lists.Replicas).FirstOrDefault(listed => policy.Map(listed) == replica) ?? replica;
}
