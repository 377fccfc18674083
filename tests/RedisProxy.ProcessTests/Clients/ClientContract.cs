namespace RedisProxy.ProcessTests.Clients;

/// <summary>What the proxy promises, checked against what one driver saw in one stage. Every sentence is a breach.</summary>
internal static class ClientContract
{
    /// <summary>Writes that the master may have acknowledged just before it stopped, and told no replica: one round of a driver.</summary>
    private const int LastMoment = 5;

    public static IReadOnlyList<string> Breaches(ClientCell cell, ClientStage stage)
    {
        CellStage record = cell[stage];
        if (record.Problem is { } problem)
        {
            return [problem];
        }

        return
        [
            .. record.Wrong.Select(wrong => $"a wrong reply: {wrong}"),
            .. cell.ConnectsForEachFeed ? [] : Connections(cell, stage),
            .. from error in record.Errors where !Allowed(cell, stage, error.Kind) select $"an error: {error.Text}",
            .. Order(record),
            .. cell.Writes ? Writes(cell, stage) : [],
            .. cell.Mode == ClientMode.Blocking ? Elements(cell) : [],
        ];
    }

    /// <summary>
    /// UNKNOWN is all that an application may see, and nothing at all when the failover was planned. Subscriptions are closed, and so are
    /// connections on which a pop was lost (or, with one client, an EXEC); each client says that in its own words.
    /// </summary>
    private static bool Allowed(ClientCell cell, ClientStage stage, ClientErrorKind kind) => (cell.Mode, stage, kind) switch
    {
        (_, ClientStage.Steady, _) => false,
        (ClientMode.PubSub, _, _) => kind == ClientErrorKind.Other,
        (ClientMode.Blocking, ClientStage.Killed, _) => kind == ClientErrorKind.Other,
        (_, ClientStage.Killed, ClientErrorKind.Other) when cell.MayLoseItsConnectionByExec => true,
        (_, _, not ClientErrorKind.Unknown) => false,
        (ClientMode.Plain or ClientMode.Pipelined or ClientMode.Blocking, ClientStage.Planned, _) => false,
        _ => true,
    };

    private static IEnumerable<string> Connections(ClientCell cell, ClientStage stage)
    {
        CellStage record = cell[stage];
        int expected = 1 + cell.Client.Subscribers;
        if (record.Before.Count != expected)
        {
            yield return $"{record.Before.Count} connections at the beginning instead of {expected}";
        }

        int closed = ExpectedClosed(cell, stage);
        int lost = record.Before.Count - record.Kept;
        if (lost != closed)
        {
            yield return $"{lost} of {record.Before.Count} connections were closed, not {closed}";
        }

        if (closed == 0 && record.Opened > 0)
        {
            yield return $"{record.Opened} connections were opened";
        }
    }

    /// <summary>Connections that subscribe, with or without the application's doing; and one on which a pop was lost.</summary>
    private static int ExpectedClosed(ClientCell cell, ClientStage stage) => (stage, cell.Mode) switch
    {
        (ClientStage.Steady, _) => 0,
        (_, ClientMode.PubSub) => 1,
        (ClientStage.Killed, ClientMode.Blocking) => 1 + cell.Client.Subscribers,
        (ClientStage.Killed, _) when cell.LostItsConnectionByExec => 1,
        _ => cell.Client.Subscribers,
    };

    /// <summary>Each driver counts up, so does what it receives; a number that comes again was executed, or delivered, twice.</summary>
    private static IEnumerable<string> Order(CellStage record) =>
        from pair in record.Acknowledged.Zip(record.Acknowledged.Skip(1))
        where pair.First >= pair.Second
        select $"{pair.Second} behind {pair.First}";

    private static IEnumerable<string> Writes(ClientCell cell, ClientStage stage)
    {
        if (stage == ClientStage.Planned && cell.LostByPlanned.Count > 0)
        {
            yield return $"acknowledged and lost: {string.Join(' ', cell.LostByPlanned)}";
        }

        if (stage != ClientStage.Killed)
        {
            yield break;
        }

        CellStage record = cell[stage];
        HashSet<long> there = [.. cell.ListAtEnd];
        long[] lastMoment = [.. record.Acknowledged.Take(record.AcknowledgedBeforeIncident).TakeLast(LastMoment)];
        long[] lost = [.. cell.AcknowledgedUntilNow().Where(n => !there.Contains(n)).Except(lastMoment)];
        if (lost.Length > 0)
        {
            yield return $"acknowledged and lost: {string.Join(' ', lost)}";
        }

        if (there.Count != cell.ListAtEnd.Count)
        {
            yield return $"{cell.ListAtEnd.Count - there.Count} writes were executed twice";
        }

        if (cell.Mode == ClientMode.Transactional && !cell.ListAtEnd.SequenceEqual(cell.TwinAtEnd))
        {
            yield return "a transaction was executed by half";
        }
    }

    /// <summary>Nothing is pushed while a master is replaced, so a pop of unknown outcome has not taken anything either.</summary>
    private static IEnumerable<string> Elements(ClientCell cell)
    {
        IReadOnlyList<long> popped = cell.AcknowledgedUntilNow();
        long[] missing = [.. cell.Pushed.Except(popped).Except(cell.ListAtEnd)];
        if (missing.Length > 0)
        {
            yield return $"neither popped nor there: {string.Join(' ', missing)}";
        }

        long[] strange = [.. popped.Except(cell.Pushed)];
        if (strange.Length > 0)
        {
            yield return $"popped, but never pushed: {string.Join(' ', strange)}";
        }
    }
}
