using System.Net;

namespace RedisProxy.Topology;

/// <summary>The Sentinels' combined verdict.</summary>
/// <param name="Accepted">The master from now on; null: keep the present one.</param>
/// <param name="Who">The Sentinels behind it.</param>
/// <param name="Reason">One sentence.</param>
/// <param name="IsLowerEpoch">It goes back to a lower epoch, which is done only if the verdict lasts.</param>
internal sealed record ElectionResult(MasterCandidate? Accepted, string Who, string Reason, bool IsLowerEpoch = false)
{
    public static ElectionResult Keep(string reason) => new(null, "", reason);
}

/// <summary>
/// Elects the master from the answers of all known Sentinels. Pure: no clock, no memory, no connection. The rules, in order:
/// <list type="number">
/// <item>Only current answers of reachable Sentinels count, and only with a usable address. No such answer: keep.</item>
/// <item>No master accepted yet: the highest epoch, but not before every known Sentinel has answered (the fastest may be a
/// stale minority). Several addresses at that epoch: a majority of the reachable Sentinels, else wait.</item>
/// <item>A higher epoch: one Sentinel is enough; the leader of a failover is the first to know.</item>
/// <item>The same epoch, another address: a majority of the reachable Sentinels.</item>
/// <item>A lower epoch (SENTINEL RESET, or removed and monitored again): a majority of all known Sentinels agrees on address and
/// epoch and does not consider that master down, and no reachable one still has the accepted epoch for another address.</item>
/// </list>
/// A Sentinel that answers that it does not know the master has no vote and is not counted.
/// </summary>
internal static class MasterElection
{
    /// <param name="accepted">The present master; null when none was accepted yet.</param>
    /// <param name="votes">One for each known Sentinel, reachable or not.</param>
    /// <param name="mayWait">It is early enough to wait for Sentinels that have not answered yet.</param>
    public static ElectionResult Decide(MasterCandidate? accepted, IReadOnlyCollection<SentinelVote> votes, bool mayWait)
    {
        SentinelVote[] known = [.. votes.Where(vote => !vote.HasNoSay)];
        SentinelVote[] reachable = [.. known.Where(vote => vote.IsReachable)];
        SentinelVote[] usable = [.. reachable.Where(vote => vote.Address is not null)];
        if (usable.Length == 0)
        {
            return ElectionResult.Keep("no Sentinel gives a usable address");
        }

        if (accepted is null)
        {
            return DecideFirst(usable, reachable.Length, mayWait ? votes.FirstOrDefault(IsAwaited) : null);
        }

        long top = usable.Max(vote => vote.Epoch);
        if (top > accepted.Epoch)
        {
            return AcceptHighest(usable, reachable.Length);
        }

        return AcceptSameEpoch(accepted, usable, reachable.Length) ?? AcceptLowerEpoch(accepted, usable, known.Length)
            ?? ElectionResult.Keep("no Sentinel has newer information");
    }

    private static bool IsAwaited(SentinelVote vote) => !vote.Report.HasSpoken;

    private static ElectionResult DecideFirst(SentinelVote[] usable, int reachable, SentinelVote? awaited) => awaited is null
        ? AcceptHighest(usable, reachable)
        : ElectionResult.Keep($"Sentinel {awaited.Sentinel} has not answered yet");

    private static ElectionResult AcceptHighest(SentinelVote[] usable, int reachable)
    {
        long top = usable.Max(vote => vote.Epoch);
        SentinelVote[][] camps = CampsOf(usable.Where(vote => vote.Epoch == top));
        if (camps.Length == 1)
        {
            return Accept(camps[0], "the highest epoch");
        }

        return camps[0].Length > reachable / 2
            ? Accept(camps[0], "a majority at the highest epoch")
            : ElectionResult.Keep($"the Sentinels disagree at epoch {top}: {string.Join(" or ", camps.Select(Describe))}");
    }

    private static ElectionResult? AcceptSameEpoch(MasterCandidate accepted, SentinelVote[] usable, int reachable)
    {
        SentinelVote[][] camps = CampsOf(usable.Where(vote => vote.Epoch == accepted.Epoch));
        return camps.Length > 0 && camps[0].Length > reachable / 2 && !camps[0][0].Address!.Equals(accepted.Address)
            ? Accept(camps[0], "a majority at the same epoch")
            : null;
    }

    private static ElectionResult? AcceptLowerEpoch(MasterCandidate accepted, SentinelVote[] usable, int known)
    {
        SentinelVote[]? camp = usable.Where(vote => vote.Epoch < accepted.Epoch && !vote.DoubtsItsMaster)
            .GroupBy(vote => (vote.Address, vote.Epoch))
            .Select(group => group.ToArray())
            .FirstOrDefault(group => group.Length > known / 2);
        if (camp is null)
        {
            return null;
        }

        IPEndPoint address = camp[0].Address!;
        SentinelVote[] holders = [.. usable.Where(vote => vote.Epoch >= accepted.Epoch)];
        bool isContested = address.Equals(accepted.Address) ? holders.Length > 0 : holders.Any(vote => !vote.Address!.Equals(address));
        return isContested ? null : Accept(camp, "a majority of all known Sentinels went back") with { IsLowerEpoch = true };
    }

    /// <summary>By address, the largest first.</summary>
    private static SentinelVote[][] CampsOf(IEnumerable<SentinelVote> votes) =>
        [.. votes.GroupBy(vote => vote.Address).Select(group => group.ToArray()).OrderByDescending(group => group.Length)];

    private static ElectionResult Accept(SentinelVote[] camp, string reason) => new(
        new MasterCandidate(camp[0].Report.Answer!.Master!, camp[0].Address!, camp[0].Epoch),
        string.Join(", ", camp.Select(vote => vote.Sentinel)),
        reason);

    private static string Describe(SentinelVote[] camp) => $"{camp[0].Address} ({string.Join(", ", camp.Select(vote => vote.Sentinel))})";
}
