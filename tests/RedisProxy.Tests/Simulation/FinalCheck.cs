namespace RedisProxy.Tests.Simulation;

/// <summary>What clients were told, against what the last master has.</summary>
internal static class FinalCheck
{
    /// <summary>The proxy hears of a promotion so much later at most; a master that wakes up in that moment is believed.</summary>
    private const long EventDelayUs = 10_000;

    /// <summary>Without any Sentinel's word, the proxy sees a promotion so much later at most.</summary>
    private const long ObservedWithinUs = 20_000;

    /// <returns>Acknowledged writes that were lost where that cannot be helped.</returns>
    public static long Run(World world, SentinelGroup group, History history)
    {
        var found = new HashSet<long>();
        foreach (((int db, string key), List<string> words) in group.Master.Data.Lists)
        {
            long last = 0;
            foreach (string word in words)
            {
                if (history.Find(word) is not { } fate || fate.Told == Told.NotExecuted)
                {
                    world.Violate($"phantom: {word} in {key} of db {db}");
                }
                else if (fate.Key != key || fate.Wanted.Database != db)
                {
                    world.Violate($"misplaced, in {key} of db {db}: {fate}");
                }
                else if (fate.Tag <= last || !found.Add(fate.Tag))
                {
                    world.Violate($"reordered, behind {last}: {fate}");
                }
                else
                {
                    last = fate.Tag;
                }
            }
        }

        // A SET is overwritten by the next, and what a queue lacks was popped, so only other pushes are counted.
        WriteFate[] lost =
        [
            .. history.Fates.Where(fate => fate.Told == Told.Acknowledged && fate.Key[0] == 'l' && !found.Contains(fate.Tag)),
        ];
        Array.ForEach(lost, fate => RequireExcuse(world, group, history, fate));
        foreach (IGrouping<string, (string Word, WriteFate Pop)> takings in history.Takings.GroupBy(one => one.Word))
        {
            // A pop that was lost leaves its word where it was.
            bool isThere = history.Find(takings.Key) is { } fate && found.Contains(fate.Tag);
            foreach ((_, WriteFate pop) in takings.OrderBy(one => one.Pop.ExecutedAtUs).SkipLast(isThere ? 0 : 1))
            {
                RequireExcuse(world, group, history, pop);
            }
        }

        return lost.Length;
    }

    private static void RequireExcuse(World world, SentinelGroup group, History history, WriteFate fate)
    {
        long reignBeganUs = group.Failovers
            .Where(one => one.New == fate.Node && one.PromotedUs <= fate.ExecutedAtUs)
            .Select(one => one.PromotedUs)
            .LastOrDefault();
        FailoverFact? failover = group.Failovers.Find(one => one.Old == fate.Node && one.PromotedUs >= reignBeganUs);
        bool isUnseen = failover is { IsGuarded: false }
            && (!failover.IsObservable || fate.ExecutedAtUs - failover.PromotedUs < ObservedWithinUs);
        bool isExcused = failover is not null && (isUnseen
            || (failover.Cause != FailoverCause.Planned && fate.ExecutedAtUs <= failover.BeganUs)
            || (fate.WaitsAtServer && failover.PromotedUs - fate.ExecutedAtUs < SimulatedRedis.MaxLagUs)
            || (failover.Cause == FailoverCause.Freeze && Math.Abs(fate.ExecutedAtUs - failover.PromotedUs) < EventDelayUs));

        // What replicas have before a promotion is not lost by it, except in the last moment: the other replica may have had it.
        bool isDurable = history.Durable is not null && failover is not null
            && failover.PromotedUs - fate.ExecutedAtUs >= SimulatedRedis.MaxLagUs;
        if (!isExcused || isDurable)
        {
            world.Violate($"lost by {failover?.ToString() ?? "nothing"}: {fate}");
        }
    }
}
