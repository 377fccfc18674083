using System.Net;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// What is known of the accepted master besides the election: which replica to accept before a Sentinel reports it, and what speaks against
/// the accepted one meanwhile. Belongs to one monitor of a master, on its thread.
/// </summary>
internal sealed class EarlyAcceptance(TimeProvider time)
{
    private readonly PromotionWatch _watch = new(time);
    private ProvisionalMaster? _provisional;
    private MasterDoubt? _abandoned;
    private HostEndpoint? _leader;
    private IPEndPoint? _master;

    /// <summary>The Sentinels still report the predecessor, as is to be expected.</summary>
    public bool IsAhead => _provisional is { Doubt: null };

    /// <summary>Null: nothing speaks against the accepted master.</summary>
    public MasterDoubt? Doubt => _watch.Seen is { } promotion
        ? new MasterDoubt(promotion.Replica.ToString(), $"its replica {promotion.Replica} has become a master")
        : _provisional is { } early ? early.Doubt : _abandoned;

    /// <summary>Until <see cref="Doubt"/> changes by itself; null: it does not.</summary>
    public TimeSpan? Rest => _provisional?.Rest;

    /// <summary>The accepted master's predecessor, while the Sentinels report that one; otherwise null.</summary>
    public IPEndPoint? Predecessor => _provisional?.Predecessor.Address;

    /// <param name="view">What the replicas report.</param>
    /// <param name="master">The accepted one.</param>
    public void Observe(ReplicationView view, IPEndPoint? master) => _watch.Observe(view, master);

    /// <summary>This Sentinel is about to promote a replica of the accepted master.</summary>
    public void OnPromotionBegun(HostEndpoint leader) => _leader = leader;

    /// <summary>Compares with the Sentinels' present answers.</summary>
    /// <param name="votes">One for each known Sentinel.</param>
    /// <param name="accepted">The accepted master.</param>
    /// <param name="patience">How long all of them are waited for before most suffice.</param>
    public void Judge(IReadOnlyCollection<SentinelVote> votes, MasterCandidate? accepted, TimeSpan patience)
    {
        IPEndPoint? master = accepted?.Address;
        if (!Equals(master, _master))
        {
            _master = master;
            _leader = null;
        }

        _watch.Follow(master);
        _watch.Judge(votes, patience);

        // Sentinels told to monitor it anew confirm it, too: it is accepted again then, with their epoch.
        if (_provisional is { } early && (early.Master != accepted || early.IsConfirmedBy(votes)))
        {
            _provisional = null;
        }

        _provisional = _provisional?.LedBy(votes);
        _abandoned = FindAbandoned(votes, master);
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
        _provisional = new ProvisionalMaster(candidate, former, time.GetTimestamp(), time) { Leader = _leader, IsFirm = isFirm };
        return candidate;
    }

    /// <summary>
    /// The leader of a failover reports the new master first, and may die before the others have heard of it. They then keep the old one,
    /// or promote another replica, and what the new master has acknowledged is lost.
    /// </summary>
    private static MasterDoubt? FindAbandoned(IReadOnlyCollection<SentinelVote> votes, IPEndPoint? master)
    {
        SentinelVote[] known = [.. votes.Where(vote => vote is { HasNoSay: false, Report.IsKnownOtherwise: false })];
        SentinelVote[] naming = [.. known.Where(vote => vote is { IsReachable: true, Address: not null })];
        return master is null || naming.Length <= known.Length / 2 || naming.Any(vote => vote.Address!.Equals(master))
            ? null
            : new MasterDoubt(master.ToString(), $"no Sentinel reports {master} any more, and most report another master");
    }

    private static HostEndpoint AnnouncedAddressOf(HostEndpoint replica, IReadOnlyCollection<SentinelVote> votes, AddressPolicy policy) =>
        votes.SelectMany(vote => vote.Report.Lists.Replicas).FirstOrDefault(listed => policy.Map(listed) == replica) ?? replica;
}
