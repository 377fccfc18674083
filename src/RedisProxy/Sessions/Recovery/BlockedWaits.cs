using System.Net;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// The links of one gate whose clients wait in a pop, and nothing else. Their waits can be ended by the server's own word
/// (<c>CLIENT UNBLOCK</c>), which proves that nothing was popped; then they go on at the next master. On the loop's thread.
/// </summary>
internal sealed class BlockedWaits
{
    private readonly List<(BackendLink Link, long End, IPEndPoint Address)> _links = [];

    /// <summary>The proxy's side of each connection, as the server's list of clients has it.</summary>
    public IEnumerable<IPEndPoint> Addresses => _links.Select(static wait => wait.Address);

    public bool IsEmpty => _links.Count == 0;

    /// <summary>There is a pop behind requests that have no reply yet. It will wait when they have.</summary>
    public bool MayGrow { get; private set; }

    /// <summary>Looks for them, and takes what their servers say of it for our own order: it is about to be given.</summary>
    public static BlockedWaits Mark(Gate gate)
    {
        var found = new BlockedWaits();
        foreach (Session session in gate.Sessions)
        {
            if (session is { IsEnded: false, Link: { InFlight.IsEmpty: false, IsRejecting: false } link } && MayMove(session, link))
            {
                found.Look(link);
            }
        }

        return found;
    }

    /// <summary>These do not wait, or nobody has told them not to: what their server says next is meant for the client.</summary>
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

    // A pop inside MULTI does not wait, and of a reply that the client does not want nothing is heard.
    private static bool MayMove(Session session, BackendLink link) =>
        session.Settings is { HasSentinel: true, IsOfReplicas: false }
        && session.State is { Transaction.IsOpen: false, IsSubscribed: false, Replies.IsOn: true }
        && link is { IsRaw: false, IsMidReply: false } && link.InFlight.Oldest.Start >= session.Pipeline.Buffer.Kept
        && Rejections.AreMovable(session, link);

    private void Look(BackendLink link)
    {
        bool hasWait = false;
        bool mayWriteBehind = false;
        for (int i = 0; i < link.InFlight.Count; i++)
        {
            ref PendingRequest request = ref link.InFlight[i];
            bool isWait = request.Traits is { IsBlocking: true, IsResendable: false } && !request.IsProxyReply;
            if (request.Traits.Kind == CommandKind.Multi)
            {
                return;
            }

            hasWait |= isWait;
            mayWriteBehind |= i > 0 && !request.IsProxyReply && !request.Traits.IsResendable;
        }

        ref PendingRequest oldest = ref link.InFlight.Oldest;
        if (oldest.IsProxyReply || !oldest.Traits.IsBlocking || oldest.Traits.IsResendable)
        {
            MayGrow |= hasWait;
        }
        else if (!mayWriteBehind && oldest.End <= link.SentTo && link.EndedWait != oldest.End && link.Socket.LocalAddress is { } address)
        {
            // Else what is behind it would run at a master that is about to go, before it.
            link.EndedWait = oldest.End;
            _links.Add((link, oldest.End, address));
        }
    }
}
