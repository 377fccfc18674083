using RedisProxy.EventLoops;
using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// What is made of a link whose master is doubted, and of what one that has closed meanwhile, or is superseded, has said and nobody has
/// relayed. Its acknowledgements are worth nothing any more; but a refusal is proof that a request was not executed, so it is sent again,
/// and is not one of unknown outcome. That is how writes fare that were at the old master in a CLIENT PAUSE when it was demoted: it
/// answers them all with READONLY.
/// <para>Only what is here already: a superseded link is not waited for.</para>
/// </summary>
internal static unsafe class SupersededReplies
{
    /// <summary>Could it have said something of its requests?</summary>
    public static bool AreOfUse(Conversation session, BackendLink link) =>
        !link.InFlight.IsEmpty && !link.IsMidReply && !link.IsRaw && !session.State.IsSubscribed && Rejections.AreMovable(session, link);

    /// <summary>Marks the link's requests by what it said of them. It is given up next, and <see cref="Settlement"/> decides.</summary>
    /// <param name="session">The link's.</param>
    /// <param name="link">Its words are of use.</param>
    /// <param name="slab">What was received and nobody has relayed, with room for more.</param>
    /// <param name="scanned">So many bytes of it, the begin of a reply, have been scanned.</param>
    public static void Hear(Conversation session, BackendLink link, Slab slab, int scanned)
    {
        if (!link.IsRejecting)
        {
            TakenBack.Unsent(session, link, begunToo: true);
            link.RejectingTransaction = session.State.Transaction;
            link.AnsweredInFlight = 0;
        }

        do
        {
            scanned = Take(session, link, slab, scanned);
        }
        while (scanned >= 0 && TryReceive(link, slab));
    }

    /// <returns>Bytes of the reply that has not come whole; negative when nothing more is to be heard.</returns>
    private static int Take(Conversation session, BackendLink link, Slab slab, int scanned)
    {
        while (scanned < slab.End - slab.Begin)
        {
            ReadOnlySpan<byte> live = slab.Live;
            ScanStatus status = link.Scanner.Scan(live[scanned..], out int consumed);
            scanned += consumed;
            if (status == ScanStatus.NeedMore)
            {
                break;
            }

            if (status == ScanStatus.Error || (!link.Scanner.IsPush && !TryMark(session, link, live[..scanned])))
            {
                return -1;
            }

            slab.Begin += scanned;
            scanned = 0;
        }

        return scanned;
    }

    /// <returns>False: it owes no such reply.</returns>
    private static bool TryMark(Conversation session, BackendLink link, ReadOnlySpan<byte> reply)
    {
        while (link.AnsweredInFlight < link.InFlight.Count && link.InFlight[link.AnsweredInFlight].IsProxyReply)
        {
            link.AnsweredInFlight++;
        }

        if (link.AnsweredInFlight == link.InFlight.Count)
        {
            return false;
        }

        ref PendingRequest request = ref link.InFlight[link.AnsweredInFlight];
        Rejections.Mark(session, link, link.Scanner.Kind == '-' ? reply : default);
        if (request.Rejection == Outcome.RejectedUnblocked)
        {
            session.Pipeline.Interrupt(request);
        }

        return true;
    }

    // Not only when the loop has seen that there is something: the event may be one of this turn, after the view that superseded the link.
    private static bool TryReceive(BackendLink link, Slab slab)
    {
        if (slab.Free == 0)
        {
            return false;
        }

        int received = link.TryReceive(slab.Memory + slab.End, slab.Free);
        slab.End += Math.Max(0, received);
        return received > 0;
    }
}
