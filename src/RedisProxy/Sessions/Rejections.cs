using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// A backend that answers READONLY, LOADING, MASTERDOWN, UNBLOCKED or REDIRECT has not executed the request: it is no master, or not
/// yet. The request is not lost but goes to the master, and to keep order everything behind it does too: nothing more is sent to this
/// link, what it still owes is read and not relayed, and when it owes nothing more it is given up.
/// </summary>
internal static class Rejections
{
    /// <summary>The oldest request in flight got an error reply. True: it was a rejection, and the link is being given up.</summary>
    public static bool TryBegin(Session session, BackendLink link, ReadOnlySpan<byte> reply)
    {
        if (IsRefusedConnection(link, reply))
        {
            // Said before anything was read, so nothing was executed, whatever was sent meanwhile.
            link.SentTo = 0;
            session.LoseLink(link, SuspicionReason.ConnectFailed);
            return true;
        }

        Outcome rejection = SyntheticReplies.Rejection(reply);
        if (rejection == Outcome.Forward || link.InFlight.IsEmpty)
        {
            return false;
        }

        if (!CanMove(session, link, rejection))
        {
            session.Gate.Suspect(SuspicionReason.Rejected);
            return false;
        }

        ref PendingRequest request = ref link.InFlight.Oldest;
        request.IsAnswered = true;
        request.Rejection = rejection;
        link.IsRejecting = true;
        link.AnsweredInFlight = 1;
        session.Pipeline.PullBack(link, begunToo: true);
        EndIfAllAnswered(session, link);
        return true;
    }

    /// <summary>A later reply of a link that is being given up.</summary>
    /// <param name="session">The link's.</param>
    /// <param name="link">Rejecting.</param>
    /// <param name="error">The reply when it is an error; else empty.</param>
    public static void Continue(Session session, BackendLink link, ReadOnlySpan<byte> error)
    {
        ref PendingRequest request = ref link.InFlight[link.AnsweredInFlight];
        request.IsAnswered = true;
        request.Rejection = SyntheticReplies.Rejection(error);
        if (request.Rejection == Outcome.Forward && !request.Traits.IsResendable)
        {
            // It executed a write after it had rejected an earlier one. The earlier one cannot be moved past it; and whether this
            // one counts, nobody knows.
            request.Outcome = Outcome.Unknown;
            for (int i = 0; i < link.AnsweredInFlight; i++)
            {
                ref PendingRequest earlier = ref link.InFlight[i];
                if (earlier.Rejection != Outcome.Forward)
                {
                    earlier.Outcome = earlier.Rejection;
                }
            }
        }

        link.AnsweredInFlight++;
        EndIfAllAnswered(session, link);
    }

    // Redis answers so at accept when it has too many clients, and closes.
    private static bool IsRefusedConnection(BackendLink link, ReadOnlySpan<byte> reply) =>
        !link.HasReplied && reply.StartsWith("-ERR max number of clients"u8);

    private static bool CanMove(Session session, BackendLink link, Outcome rejection)
    {
        // Without Sentinel there is nowhere else to go; but a server that is loading will have loaded.
        if (!session.Settings.HasSentinel && rejection != Outcome.RejectedLoading)
        {
            return false;
        }

        // The error may come from a command inside, after others were executed.
        PendingRequest oldest = link.InFlight.Oldest;
        if ((oldest.Traits.Flags & CommandFlags.Nested) != 0 || oldest.Start < session.Pipeline.Buffer.Kept)
        {
            return false;
        }

        // Transactions are not taken apart.
        bool isInTransaction = session.State.Transaction.Pin != PinReason.None;
        for (int i = 0; i < link.InFlight.Count && !isInTransaction; i++)
        {
            isInTransaction = link.InFlight[i].Traits.Kind
                is CommandKind.Multi or CommandKind.Exec or CommandKind.Discard or CommandKind.Watch;
        }

        return !isInTransaction && session.State.Pin == PinReason.None && !session.Pipeline.IsRaw;
    }

    private static void EndIfAllAnswered(Session session, BackendLink link)
    {
        while (link.AnsweredInFlight < link.InFlight.Count && link.InFlight[link.AnsweredInFlight].IsSynthesised)
        {
            link.AnsweredInFlight++;
        }

        if (link.AnsweredInFlight == link.InFlight.Count)
        {
            session.LoseLink(link, SuspicionReason.Rejected);
        }
    }
}
