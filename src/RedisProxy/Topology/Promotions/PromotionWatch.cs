using System.Net;

using RedisProxy.Configuration;
using RedisProxy.Servers;

namespace RedisProxy.Topology;

/// <summary>
/// Recognises a promotion by the replica's own word, before any Sentinel reports it, and also when none can be reached. Sentinel's order
/// ends every connection of the promoted server, so the proxy's own tells at once; the leading Sentinel notices a second later, and the
/// others after that (redis, sentinel.c: sentinelSendSlaveOf, sentinelRefreshInstanceInfo).
/// <para>
/// Only a server that has been seen as a replica since the present master was accepted, and has not been restarted since, counts: an old
/// master that returns, or a replica that was restarted without its configuration, has not been promoted.
/// </para>
/// <para>Pure, but for the clock. Belongs to one monitor of a master, on its thread.</para>
/// </summary>
internal sealed class PromotionWatch(TimeProvider time)
{
    // By address: the run id that it had as a replica.
    private readonly Dictionary<HostEndpoint, string> _followers = [];
    private IPEndPoint? _master;

    /// <summary>Null: none, as far as known.</summary>
    public Promotion? Seen { get; private set; }

    /// <param name="view">What the replicas report.</param>
    /// <param name="master">The accepted one.</param>
    public void Observe(ReplicationView view, IPEndPoint? master)
    {
        Follow(master);
        foreach (ReplicaState replica in view.Replicas.Where(replica => !Is(replica, view.Master, master)))
        {
            Observe(replica);
        }
    }

    /// <summary>Whoever was promoted before another master was accepted does not count any more.</summary>
    public void Follow(IPEndPoint? master)
    {
        if (!Equals(master, _master))
        {
            _master = master;
            _followers.Clear();
            Seen = null;
        }
    }

    /// <summary>
    /// Forgets a promotion that is no failover: somebody has detached the replica. The Sentinels answer, asked after it, that they follow
    /// the accepted master and that no failover is in progress: at first all of them have to; after <paramref name="patience"/>, most,
    /// unless one reports a failover: it may be the one that has ordered the promotion, and cannot see that it has happened.
    /// </summary>
    public void Judge(IReadOnlyCollection<SentinelVote> votes, TimeSpan patience)
    {
        if (Seen is null)
        {
            return;
        }

        SentinelVote[] known = [.. votes.Where(vote => !vote.HasNoSay && !vote.Report.IsKnownOtherwise)];
        int denials = known.Count(Denies);
        int needed = time.GetElapsedTime(Seen.SeenAt) < patience ? known.Length : (known.Length / 2) + 1;
        bool isOrdered = known.Any(vote => vote is { IsReachable: true, Report.Answer.SaysFailingOver: true });
        if (known.Length > 0 && denials >= needed && !isOrdered)
        {
            _followers.Remove(Seen.Replica);
            Seen = null;
        }
    }

    // Sentinels list a server twice that has been reached under two addresses.
    private static bool Is(ReplicaState replica, ReplicationFacts? facts, IPEndPoint? master) =>
        Equals(replica.Address, master) || (facts is { RunId: var id } && replica.Facts?.RunId == id);

    private bool Denies(SentinelVote vote) =>
        vote.IsReachable && vote.Report.AskedAt > Seen!.SeenAt
            && vote.Report.Answer is { SaysFailingOver: false } && Equals(vote.Address, _master);

    // One that does not answer may have been promoted before it fell silent.
    private void Observe(ReplicaState replica)
    {
        if (replica is not { Facts: { RunId.Length: > 0 } facts, Address: { } address })
        {
            return;
        }

        if (!facts.IsMaster)
        {
            _followers[replica.Endpoint] = facts.RunId;
            Seen = Seen?.Replica == replica.Endpoint ? null : Seen;
        }
        else if (Seen is null && _followers.GetValueOrDefault(replica.Endpoint) == facts.RunId)
        {
            Seen = new Promotion(replica.Endpoint, address, time.GetTimestamp());
        }
    }
}
