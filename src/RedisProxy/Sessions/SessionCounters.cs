using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// What the sessions of one listener on one loop have done. Plain fields that only the loop writes; whoever scrapes reads them as they
/// are and sums over loops (an aligned 64-bit read is whole).
/// </summary>
internal sealed class SessionCounters
{
    public long Accepted;
    public long RefusedTooMany;
    public long Secured;
    public long HandshakesFailed;
    public long Requests;
    public long RequestBytes;
    public long ReplyBytes;
    public long Resent;
    public long RetargetsDone;
    public long RetargetsFailed;
    public long BackendsLost;

    /// <summary>Sessions in each phase now, by <see cref="SessionPhase"/>.</summary>
    public long[] Phases { get; } = new long[SessionPhases.Count];

    /// <summary>By <see cref="EndCause"/>.</summary>
    public long[] Ended { get; } = new long[Enum.GetValues<EndCause>().Length];

    /// <summary>Sessions that a failover closed, by <see cref="PinReason"/>.</summary>
    public long[] Pinned { get; } = new long[Enum.GetValues<PinReason>().Length];

    /// <summary>Replies that the proxy gave itself, by <see cref="Outcome"/>.</summary>
    public long[] Synthesised { get; } = new long[Enum.GetValues<Outcome>().Length];

    /// <summary>By <see cref="ProtocolError"/>.</summary>
    public long[] ProtocolErrors { get; } = new long[Enum.GetValues<ProtocolError>().Length];
}
