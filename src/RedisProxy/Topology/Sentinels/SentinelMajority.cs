using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// Could the Sentinels that are out of reach elect another master without those that are not? Pure. They cannot when a majority of all
/// known ones is reachable. Those that were replaced by new ones stay in the lists of the others, though, until <c>SENTINEL RESET</c>, so
/// it is also counted as Sentinel does: a leader needs a majority, and its quorum, of those that it lists itself, and it lists everybody
/// who lives. So where a Sentinel lists no more that are out of reach than are reachable (with itself), the rest is no majority of those
/// who live, whatever they list. Most of the reachable have to say so: one that has just begun may not have heard of the others.
/// </summary>
/// <param name="IsOurs">They cannot.</param>
/// <param name="Ghosts">
/// Whom reachable Sentinels list, nobody reaches, and all of those take for down, while a majority is not reachable without them.
/// </param>
internal sealed record SentinelMajority(bool IsOurs, IReadOnlyList<HostEndpoint> Ghosts)
{
    public static SentinelMajority Of(IReadOnlyList<SentinelVote> votes, AddressPolicy policy)
    {
        SentinelVote[] known = [.. votes.Where(vote => !vote.HasNoSay)];
        SentinelVote[] reachable = [.. known.Where(vote => vote.IsReachable)];
        if (reachable.Length > known.Length / 2)
        {
            return new SentinelMajority(true, []);
        }

        // Those that were told to forget the others know of themselves alone, so those that the configuration names count as well.
        int configured = known.Count(vote => vote.Report.IsConfigured);
        bool isOurs = reachable.Length * 2 >= configured
            && reachable.Count(counting => CannotBeOutvoted(counting, reachable, policy)) > reachable.Length / 2;
        IEnumerable<HostEndpoint> ghosts = known
            .Where(vote => !vote.IsReachable && IsDownForAll(vote, reachable, policy))
            .Select(vote => vote.Sentinel);
        return new SentinelMajority(isOurs, [.. ghosts]);
    }

    private static bool CannotBeOutvoted(SentinelVote counting, SentinelVote[] reachable, AddressPolicy policy)
    {
        // Port 0: another Sentinel has that one's address now.
        ListedSentinel[] others = [.. counting.Report.Lists.Sentinels.Where(listed => listed.Address.Port > 0)];
        int voters = others.Length + 1;
        int ours = 1 + reachable.Count(vote => vote != counting && others.Any(listed => Is(vote, listed, policy)));
        return others.Length > 0 && ours * 2 >= voters && ours >= (counting.Report.Answer?.Quorum ?? int.MaxValue);
    }

    private static bool IsDownForAll(SentinelVote vote, SentinelVote[] reachable, AddressPolicy policy)
    {
        ListedSentinel[] listed = [.. reachable.SelectMany(one => one.Report.Lists.Sentinels).Where(one => Is(vote, one, policy))];
        return listed.Length > 0 && listed.All(one => one.IsDown);
    }

    private static bool Is(SentinelVote vote, ListedSentinel listed, AddressPolicy policy) =>
        vote.Report.Id.Length > 0 && listed.Id.Length > 0
            ? vote.Report.Id == listed.Id
            : vote.Sentinel == policy.Map(listed.Address);
}
