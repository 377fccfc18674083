using System.Net;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// The links of one gate whose clients wait in a pop, and in nothing else. The server itself can end their waits
/// (<c>CLIENT UNBLOCK</c>), which proves that nothing was popped; then they continue at the next master. On the loop's thread.
/// </summary>
internal sealed class BlockedWaits
{
    private enum Wait
    {
        /// <summary>None that could be ended.</summary>
        None,

        /// <summary>Behind unanswered requests.</summary>
        Later,

        Now,
    }

    private readonly List<(BackendLink Link, long End, IPEndPoint Address)> _links = [];

    /// <summary>The proxy's side of each connection, as shown in the server's client list.</summary>
    public IEnumerable<IPEndPoint> Addresses => _links.Select(static wait => wait.Address);

    public bool IsEmpty => _links.Count == 0;

    /// <summary>A pop is queued behind unanswered requests. Once those are answered, it will wait.</summary>
    public bool MayGrow { get; private set; }

    /// <summary>Finds them, and attributes their servers' next UNBLOCKED to the proxy's order, which is about to be given.</summary>
    public static BlockedWaits Mark(Gate gate)
    {
        var found = new BlockedWaits();
        foreach (Session session in gate.Sessions)
        {
            Wait wait = WaitOf(session);
            found.MayGrow |= wait == Wait.Later;
            if (wait == Wait.Now)
            {
                found.Add(session.Link!);
            }
        }

        return found;
    }

    /// <summary>Its client waits in a pop, and nothing but a missing permission keeps the server from ending that.</summary>
    public static bool MayEnd(Session session) => WaitOf(session) == Wait.Now;

    /// <summary>These do not wait, or were not ordered to stop: an UNBLOCKED from their servers is meant for the client again.</summary>
    public void Unmark(Func<IPEndPoint, bool> isUnmoved)
    {
        foreach ((BackendLink link, long end, IPEndPoint address) in _links)
        {
            if (link.EndedWait == end && isUnmoved(address))
            {
                link.EndedWait = BackendLink.NoWait;
            }
        }
    }

    // A pop inside MULTI does not wait, and with CLIENT REPLY off the reply is never seen.
    private static bool MayMove(Session session, BackendLink link) =>
        session.Settings is { HasSentinel: true, IsOfReplicas: false }
        && session.State is { Transaction.IsOpen: false, IsSubscribed: false, Replies.IsOn: true }
        && link is { IsRaw: false, IsMidReply: false } && link.InFlight.Oldest.Start >= session.Pipeline.Buffer.Kept
        && Rejections.AreMovable(session, link);

    private static Wait WaitOf(Session session) =>
        session is { IsEnded: false, Link: { InFlight.IsEmpty: false, IsRejecting: false } link } && MayMove(session, link)
            ? WaitOf(link)
            : Wait.None;

    private static Wait WaitOf(BackendLink link)
    {
        bool hasWait = false;
        bool mayWriteBehind = false;
        for (int i = 0; i < link.InFlight.Count; i++)
        {
            ref PendingRequest request = ref link.InFlight[i];
            bool isWait = request.Traits is { IsBlocking: true, IsResendable: false } && !request.IsProxyReply;
            if (request.Traits.Kind == CommandKind.Multi)
            {
                return Wait.None;
            }

            hasWait |= isWait;
            mayWriteBehind |= i > 0 && !request.IsProxyReply && !request.Traits.IsResendable;
        }

        ref PendingRequest oldest = ref link.InFlight.Oldest;
        if (oldest.IsProxyReply || !oldest.Traits.IsBlocking || oldest.Traits.IsResendable)
        {
            return hasWait ? Wait.Later : Wait.None;
        }

        // Otherwise the requests behind it would run at a master that is about to go, before the pop does.
        return !mayWriteBehind && oldest.End <= link.SentTo && link.EndedWait != oldest.End && link.LocalAddress is not null
            ? Wait.Now
            : Wait.None;
    }

    private void Add(BackendLink link)
    {
        link.EndedWait = link.InFlight.Oldest.End;
        _links.Add((link, link.EndedWait, link.LocalAddress!));
    }
}
