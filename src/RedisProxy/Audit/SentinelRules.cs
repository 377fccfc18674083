namespace RedisProxy.Audit;

/// <summary>Would the Sentinels agree in time, and can clients still connect to them?</summary>
internal static class SentinelRules
{
    // Beyond this share of maxclients a burst of reconnecting clients fills the rest.
    private const double MaxConnections = 0.8;

    private static readonly (string Field, string Consequence)[] Equal =
    [
        ("quorum", "when a failover begins depends on which Sentinel asks"),
        ("down-after-milliseconds", "they consider the master down at different times, so a failover begins late, or finds no majority"),
        ("failover-timeout", "they retry at different times"),
        ("parallel-syncs", "how many replicas resync at once after a failover depends on its leader"),
    ];

    public static IEnumerable<Finding> Check(IReadOnlyList<SentinelFacts> sentinels)
    {
        // A Sentinel that monitors only other masters is neither a vote nor a missing one.
        SentinelFacts[] own = [.. sentinels.Where(one => !one.HasNoSay)];
        IEnumerable<Finding> others = sentinels.Where(one => one.HasNoSay).Select(one => new Finding(
            Severity.Warning, one.Endpoint, "Sentinels",
            "monitors other masters but not this one: it has no vote here, and does not count"));
        return own.Length == 0
            ? others
            : [.. CheckNumber(own), .. own.SelectMany(CheckAlone), .. others, .. CheckEquality(own), .. CheckQuorum(own)];
    }

    private static IEnumerable<Finding> CheckNumber(SentinelFacts[] sentinels)
    {
        int count = sentinels.Length;
        if (count < 3)
        {
            yield return new Finding(
                Severity.Critical, null, "Sentinels",
                count == 1
                    ? "there is one: when it is down there is no failover, and when it alone loses the master there is a needless one"
                    : "there are two: when one is down the other has no majority, and no failover takes place");
        }
        else if (count % 2 == 0)
        {
            yield return new Finding(
                Severity.Warning, null, "Sentinels",
                $"there are {count}: they tolerate no more failures than {count - 1}, and neither half of a split network has a majority");
        }
    }

    private static IEnumerable<Finding> CheckAlone(SentinelFacts sentinel)
    {
        if (!sentinel.IsKnown)
        {
            yield return new Finding(
                Severity.Warning, sentinel.Endpoint, "unreachable", $"was not checked, and may have no vote: {sentinel.Failure}");
            yield break;
        }

        foreach (string refusal in sentinel.Refusals)
        {
            bool isForLackOfRights = refusal.Contains(": NOPERM", StringComparison.Ordinal)
                || refusal.Contains(": NOAUTH", StringComparison.Ordinal);
            string cause = isForLackOfRights ? ", because the user of sentinel.username lacks the permission" : "";
            yield return new Finding(Severity.Warning, sentinel.Endpoint, "not looked at", $"{refusal}: its view is unknown{cause}");
        }

        if (sentinel.QuorumComplaint.Length > 0)
        {
            yield return new Finding(
                Severity.Critical, sentinel.Endpoint, "quorum", $"sees no failover possible: {sentinel.QuorumComplaint}");
        }

        long connected = ServerFacts.Number(sentinel.Clients, "connected_clients");
        long most = ServerFacts.Number(sentinel.Clients, "maxclients");
        if (most > 0 && connected > most * MaxConnections)
        {
            yield return new Finding(
                Severity.Critical, sentinel.Endpoint, "maxclients",
                $"{connected} of {most} connections are in use: at the limit, clients and Sentinels are refused");
        }
    }

    private static IEnumerable<Finding> CheckEquality(SentinelFacts[] sentinels)
    {
        SentinelFacts[] known = [.. sentinels.Where(one => one.IsMasterKnown)];
        foreach ((string field, string consequence) in Equal)
        {
            string[] values = [.. known.Select(one => one.Master.GetValueOrDefault(field, "")).Distinct()];
            if (values.Length > 1)
            {
                IEnumerable<string> each = known.Select(one => $"{one.Master.GetValueOrDefault(field, "")} on {one.Endpoint}");
                yield return new Finding(Severity.Warning, null, field, $"is {string.Join(", ", each)}: {consequence}");
            }
        }
    }

    private static IEnumerable<Finding> CheckQuorum(SentinelFacts[] sentinels)
    {
        int count = sentinels.Length;
        foreach (SentinelFacts sentinel in sentinels.Where(one => one.IsMasterKnown))
        {
            long quorum = ServerFacts.Number(sentinel.Master, "quorum");
            long others = ServerFacts.Number(sentinel.Master, "num-other-sentinels");
            if (quorum > count)
            {
                yield return new Finding(
                    Severity.Critical, sentinel.Endpoint, "quorum",
                    $"is {quorum}, but there are only {count} Sentinels: the master is never considered down");
            }
            else if (quorum == 1 && count > 1)
            {
                yield return new Finding(
                    Severity.Warning, sentinel.Endpoint, "quorum",
                    "is 1: a single Sentinel that cannot reach the master can have it replaced, if the others vote for it");
            }

            // Removed Sentinels count towards the majority (SENTINEL RESET forgets them, one Sentinel at a time).
            if (others + 1 > count)
            {
                yield return new Finding(
                    Severity.Warning, sentinel.Endpoint, "Sentinels",
                    $"counts {others + 1} Sentinels, but {count} were found: removed ones raise the majority until SENTINEL RESET");
            }
        }
    }
}
