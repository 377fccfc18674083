using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>What kind of link a session of a shared listener needs now.</summary>
/// <param name="Identity">A share of a link of this identity; null: not that.</param>
/// <param name="Reason">A link of its own, because of this; <see cref="DedicatedReason.None"/>: not that.</param>
/// <param name="Change">By this change the session takes on the identity, if the server agrees; null: it has it.</param>
internal readonly record struct LinkNeed(LinkIdentity? Identity, DedicatedReason Reason, StateChange? Change = null)
{
    public bool IsDedicated => Reason != DedicatedReason.None;

    /// <summary>Judges by the state of the connection and by the oldest request that waits. Nothing is in flight.</summary>
    /// <param name="session">Of a shared listener.</param>
    /// <param name="links">Of its listener on its loop.</param>
    /// <param name="preferred">Why it prefers a link of its own for any request; none: it does not.</param>
    public static LinkNeed Of(Conversation session, SharedLinks links, DedicatedReason preferred)
    {
        ConnectionState state = session.State;
        DedicatedReason reason = ReasonIn(state);
        if (reason != DedicatedReason.None)
        {
            return new LinkNeed(null, reason);
        }

        RequestQueue waiting = session.Pipeline.Waiting;
        int next = NextOf(waiting);
        if (next == waiting.Count)
        {
            return default;
        }

        if (preferred != DedicatedReason.None)
        {
            return new LinkNeed(null, preferred);
        }

        LinkIdentity identity = LinkIdentity.Of(state);
        if (ShareableRequests.Are(waiting, next, out _))
        {
            return links.NeedsAuthentication(identity)
                ? new LinkNeed(null, DedicatedReason.Authentication)
                : new LinkNeed(identity, DedicatedReason.None);
        }

        // A change of identity goes to a link that already has the new one: there it changes nothing, and the answer is the server's own.
        bool mayFit = next == 0 && waiting[0].HasChange && ShareableRequests.IsWhole(waiting[0]);
        StateChange? change = mayFit ? session.Pipeline.Changes.Oldest : null;
        return change is not null && identity.After(change) is { } after && links.Has(after)
            ? new LinkNeed(after, DedicatedReason.None, change)
            : new LinkNeed(null, ReasonFor(waiting[next]));
    }

    /// <summary>Neither its state nor a request needs a link.</summary>
    public static bool IsNoneFor(Conversation session) =>
        ReasonIn(session.State) == DedicatedReason.None && NextOf(session.Pipeline.Waiting) == session.Pipeline.Waiting.Count;

    /// <summary>State that other sessions must not share, or that lives only on one connection.</summary>
    public static DedicatedReason ReasonIn(ConnectionState state) =>
        state.Transaction != default ? DedicatedReason.Transaction
        : state.IsSubscribed ? DedicatedReason.Subscription
        : state.Tracking is not null || state.Caching is not null ? DedicatedReason.Tracking
        : !state.Replies.IsOn ? DedicatedReason.ReplyMode
        : state.Pin != PinReason.None || state.IsInDoubt || state.NoEvict is not null || state.NoTouch is not null
            || state.ReadOnly is not null ? DedicatedReason.OwnConnection
        : DedicatedReason.None;

    // Index of the first that a server has to answer.
    private static int NextOf(RequestQueue waiting)
    {
        int next = 0;
        while (next < waiting.Count && waiting[next].IsProxyReply)
        {
            next++;
        }

        return next;
    }

    private static DedicatedReason ReasonFor(in PendingRequest request) => request.Traits.Kind switch
    {
        CommandKind.Auth or CommandKind.Hello => DedicatedReason.Authentication,
        CommandKind.Select => DedicatedReason.Database,
        CommandKind.Multi or CommandKind.Exec or CommandKind.Discard or CommandKind.Watch or CommandKind.Unwatch
            => DedicatedReason.Transaction,
        CommandKind.Subscribe => DedicatedReason.Subscription,
        CommandKind.Wait or CommandKind.WaitAof => DedicatedReason.Wait,
        CommandKind.Plain or CommandKind.XRead when request.Traits.IsBlocking => DedicatedReason.Blocking,
        CommandKind.Plain when !ShareableRequests.IsWhole(request) => DedicatedReason.LargeRequest,
        CommandKind.Plain => DedicatedReason.Command,
        _ => DedicatedReason.OwnConnection,
    };
}
