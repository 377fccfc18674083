using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// Counters of one listener's sessions on one loop. Plain fields that only the loop writes; scrapers read them as they
/// are and sum over loops (an aligned 64-bit read is atomic).
/// </summary>
internal sealed class SessionCounters
{
    public long Accepted;

    /// <summary>Sessions that came from another process, or returned because that one did not adopt them.</summary>
    public long Adopted;

    public long RefusedTooMany;
    public long HeadersRead;
    public long HeadersFailed;
    public long Secured;
    public long HandshakesFailed;
    public long Requests;
    public long RequestBytes;
    public long ReplyBytes;
    public long Resent;

    /// <summary>Requests that were held for lack of a master, until one was available or they had waited for too long.</summary>
    public long HeldRequests;

    /// <summary>The longest of those waits, in milliseconds, since it was last set to 0.</summary>
    public long LongestHoldMs;

    public long RetargetsDone;
    public long RetargetsFailed;
    public long BackendsLost;

    /// <summary>Requests in flight, as of the last <see cref="SessionListener.CountPending"/>.</summary>
    public long InFlight;

    /// <summary>Requests that no backend has taken yet, as of the same moment.</summary>
    public long Held;

    /// <summary>Sessions whose clients asked for notifications, as of the same moment.</summary>
    public long HandoffSessions;

    /// <summary>Sessions with something to send on a shared link, as of the last <see cref="SessionListener.CountLinks"/>.</summary>
    public long LinkQueued;

    /// <summary>Replies owed on shared links, as of the same moment.</summary>
    public long LinkOwed;

    // Milliseconds: from a new connection in a data centre up to usual values of connectTimeout and hold.timeout.
    public static readonly int[] ConnectBoundsMs = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000];
    public static readonly int[] HoldBoundsMs = [10, 25, 50, 100, 250, 500, 1000, 2000, 3000, 4000, 5000, 10_000, 30_000];

    /// <summary>From the connect until a backend takes the session's requests, with its state replayed.</summary>
    public DurationHistogram Connects { get; } = new(ConnectBoundsMs);

    /// <summary>How long held requests waited.</summary>
    public DurationHistogram Holds { get; } = new(HoldBoundsMs);

    /// <summary>How long replies to writes waited for replicas.</summary>
    public DurationHistogram Confirmations { get; } = new(ConnectBoundsMs);

    /// <summary>How long requests took.</summary>
    public RequestTimes Times { get; } = new();

    /// <summary>The last of those that took long.</summary>
    public SlowRequests Slow { get; } = new();

    /// <summary>Null unless somebody has keys sampled.</summary>
    public KeySample? Keys { get; set; }

    /// <summary>Current sessions, by <see cref="SessionPhase"/>.</summary>
    public long[] Phases { get; } = new long[SessionPhases.Count];

    /// <summary>By <see cref="EndCause"/>.</summary>
    public long[] Ended { get; } = new long[Enum.GetValues<EndCause>().Length];

    /// <summary>Sessions that a failover would close, by <see cref="PinReason"/>, as of the last count.</summary>
    public long[] PinnedNow { get; } = new long[Enum.GetValues<PinReason>().Length];

    /// <summary>Sessions that a failover closed, by <see cref="PinReason"/>.</summary>
    public long[] Pinned { get; } = new long[Enum.GetValues<PinReason>().Length];

    /// <summary>Links of a listener whose sessions share them, by <see cref="LinkKind"/>, as of the same moment as above.</summary>
    public long[] LinksNow { get; } = new long[Enum.GetValues<LinkKind>().Length];

    /// <summary>Its sessions, by the kind of their link, as of the same moment.</summary>
    public long[] LinkSessions { get; } = new long[Enum.GetValues<LinkKind>().Length];

    /// <summary>How often one of its sessions got a link of its own, by <see cref="DedicatedReason"/>.</summary>
    public long[] Dedicated { get; } = new long[Enum.GetValues<DedicatedReason>().Length];

    /// <summary>Proxy replies, by <see cref="Outcome"/>.</summary>
    public long[] ProxyReplies { get; } = new long[Enum.GetValues<Outcome>().Length];

    /// <summary>Notifications sent, by <see cref="HandoffEvent"/>.</summary>
    public long[] Handoffs { get; } = new long[Enum.GetValues<HandoffEvent>().Length];

    /// <summary>By <see cref="ProtocolError"/>.</summary>
    public long[] ProtocolErrors { get; } = new long[Enum.GetValues<ProtocolError>().Length];

    /// <param name="ms">So long a request was held, or several together.</param>
    /// <param name="requests">Those of them that have not been counted yet.</param>
    public void CountHold(long ms, int requests)
    {
        Holds.Add(ms);
        HeldRequests += requests;
        LongestHoldMs = Math.Max(LongestHoldMs, ms);
    }

    public void MovePhase(SessionPhase from, SessionPhase to)
    {
        SessionPhases.AssertTransition(from, to);
        Phases[(int)from]--;
        Phases[(int)to]++;
    }

    /// <summary>The loop has ended, and with it everything that was pending.</summary>
    public void ClearPending()
    {
        InFlight = 0;
        Held = 0;
        HandoffSessions = 0;
        LinkQueued = 0;
        LinkOwed = 0;
        PinnedNow.AsSpan().Clear();
        LinksNow.AsSpan().Clear();
        LinkSessions.AsSpan().Clear();
    }
}
