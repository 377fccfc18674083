namespace RedisProxy.Sessions;

/// <summary>
/// What a hold, and a failover after it, would meet in the sessions of one listener. As of one moment, and counted without changing
/// anything: requests answered before their master goes are not lost.
/// </summary>
internal sealed class HoldForecast
{
    private readonly Dictionary<long, long> _received = [];

    /// <summary>Those that would be held.</summary>
    public long Sessions { get; private set; }

    /// <summary>Of these, sessions with requests that the server has not answered yet.</summary>
    public long InFlight { get; private set; }

    /// <summary>Sessions that wait in a blocking command.</summary>
    public long Blocking { get; private set; }

    /// <summary>Of these, the ones whose wait can neither be ended nor begin again elsewhere: its outcome may be unknown.</summary>
    public long Unknown { get; private set; }

    /// <summary>Sessions that a failover would close, by <see cref="PinReason"/>.</summary>
    public long[] Pinned { get; } = new long[Enum.GetValues<PinReason>().Length];

    /// <summary>Channels and patterns to which those are subscribed.</summary>
    public long Subscriptions { get; private set; }

    /// <summary>Transactions that a failover would not let happen, by <see cref="TransactionFate"/>.</summary>
    public long[] Transactions { get; } = new long[Enum.GetValues<TransactionFate>().Length];

    /// <summary>Answered since the start.</summary>
    public long Requests { get; private set; }

    /// <summary>On the loop's thread.</summary>
    public static HoldForecast Of(SessionListener part)
    {
        var forecast = new HoldForecast { Requests = part.Counters.Requests };
        foreach (Session session in part.Gate.Sessions)
        {
            if (!session.IsEnded)
            {
                forecast.Add(session);
            }
        }

        return forecast;
    }

    public void Add(HoldForecast other)
    {
        Sessions += other.Sessions;
        InFlight += other.InFlight;
        Blocking += other.Blocking;
        Unknown += other.Unknown;
        Subscriptions += other.Subscriptions;
        Requests += other.Requests;
        AddTo(Pinned, other.Pinned);
        AddTo(Transactions, other.Transactions);
        foreach ((long session, long bytes) in other._received)
        {
            _received[session] = bytes;
        }
    }

    /// <summary>The most bytes that one of the sessions has received since then.</summary>
    public long MostReceivedSince(HoldForecast before) =>
        _received.Select(now => now.Value - before._received.GetValueOrDefault(now.Key, now.Value)).DefaultIfEmpty().Max();

    private void Add(Session session)
    {
        Sessions++;
        _received[session.Id] = session.Pipeline.Buffer.Received;
        if (session.Link is not { } link)
        {
            return;
        }

        InFlight += link.InFlight.IsEmpty ? 0 : 1;
        PinReason pin = Settlement.PinOf(session, link);
        if (pin != PinReason.None)
        {
            Pinned[(int)pin]++;
            Subscriptions += session.State.Subscriptions?.Count ?? 0;
            return;
        }

        Transactions[(int)Settlement.TransactionAfterLoss(session).Fate]++;
        AddWait(session, link);
    }

    private void AddWait(Session session, BackendLink link)
    {
        bool waits = false;
        bool isLost = false;
        for (int i = 0; i < link.InFlight.Count && !session.State.Transaction.IsOpen; i++)
        {
            ref PendingRequest request = ref link.InFlight[i];
            if (RequestClasses.Of(request.Traits) == RequestClass.Blocking && !request.IsProxyReply && !request.IsAnswered)
            {
                waits = true;
                isLost |= !Settlement.MayRepeat(session.Settings, request.Traits);
            }
        }

        Blocking += waits ? 1 : 0;
        Unknown += isLost && !BlockedWaits.MayEnd(session) ? 1 : 0;
    }

    private static void AddTo(long[] sums, long[] values)
    {
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] += values[i];
        }
    }
}
