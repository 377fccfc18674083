using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// Could the unreachable Sentinels elect another master without the reachable ones? Pure. Not when a majority of all known ones is
/// reachable. Replaced Sentinels stay in the others' lists until <c>SENTINEL RESET</c>, though, so votes are also counted as Sentinel
/// counts them: a leader needs a majority, and its quorum, of those that it lists itself, and it lists every live one. So where a
/// Sentinel lists no more unreachable Sentinels than reachable ones (itself included), the rest is no majority of the live ones, whatever
/// they list. Most of the reachable Sentinels must agree on that: one that has just started may not have heard of the others.
/// </summary>
/// <param name="IsOurs">They cannot.</param>
/// <param name="Ghosts">
/// Sentinels that reachable ones list and all of those report down, that nothing reaches, and without which no majority is
/// reachable.
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

        // Sentinels told to forget the others know only themselves, so the configured ones count as well.
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
