using RedisProxy.EventLoops;
using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Unrelayed replies of a link whose master is doubtful, or that has closed or been superseded. Their acknowledgements are worth nothing;
/// but a rejection proves that a request was not executed, so it is sent again instead of having an unknown outcome. This is what saves
/// writes that were held by a CLIENT PAUSE of the old master when it was demoted: it answers them all with READONLY.
/// <para>Only replies that have already arrived: a superseded link is not waited for.</para>
/// </summary>
internal static unsafe class SupersededReplies
{
    /// <summary>Can its replies say anything about its requests?</summary>
    public static bool AreOfUse(Conversation session, BackendLink link) =>
        !link.InFlight.IsEmpty && !link.IsMidReply && !link.IsRaw && !session.State.IsSubscribed && Rejections.AreMovable(session, link);

    /// <summary>Marks the link's requests by its replies. The link is dropped next, and <see cref="Settlement"/> decides.</summary>
    /// <param name="session">Of the link.</param>
    /// <param name="link">See <see cref="AreOfUse"/>.</param>
    /// <param name="slab">Received and unrelayed bytes, with room for more.</param>
    /// <param name="scanned">Number of bytes at its start, part of a reply, that are already scanned.</param>
    public static void Read(Conversation session, BackendLink link, Slab slab, int scanned)
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

    /// <returns>Scanned bytes of the incomplete reply; negative when reading must stop.</returns>
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

    // Even without a readiness flag: the event may be a later one of this iteration, after the view that superseded the link.
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
