using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// A backend that answers READONLY, LOADING, MASTERDOWN, UNBLOCKED or REDIRECT has not executed the request: it is not a master, or not
/// yet. NOREPLICAS says the same of a recent master that waits for its replicas. The request is not lost but goes to the master, and to
/// keep order, so does everything behind it: nothing more is sent to this link, replies it still owes are read and not relayed, and when
/// it owes none, it is dropped.
/// </summary>
internal static class Rejections
{
    /// <summary>Handles an error reply to the oldest request in flight.</summary>
    public static Rejection Begin(Conversation session, BackendLink link, ReadOnlySpan<byte> reply)
    {
        if (IsRefusedConnection(link, reply))
        {
            // Sent before the server read anything, so nothing was executed, whatever was sent meanwhile.
            link.SentTo = 0;
            return Rejection.OfConnection;
        }

        if (link.InFlight.IsEmpty)
        {
            return Rejection.None;
        }

        ref PendingRequest request = ref link.InFlight.Oldest;
        Outcome rejection = RejectionOf(link, request, reply);
        if (!IsOfNoMaster(session, rejection == Outcome.Forward ? ProxyReplies.Rejection(reply) : rejection))
        {
            return Rejection.None;
        }

        if (rejection == Outcome.Forward || !CanMove(session, link, rejection))
        {
            session.Gate.Suspect(SuspicionReason.Rejected);
            return Rejection.None;
        }

        request.IsAnswered = true;
        request.Rejection = rejection;
        if (rejection == Outcome.RejectedUnblocked)
        {
            session.Pipeline.Interrupt(request);
        }

        link.IsRejecting = true;
        link.RejectingTransaction = session.State.Transaction.After(request.Traits.Kind, isError: true, isExecAborted: true);
        link.AnsweredInFlight = 1;
        TakenBack.Unsent(session, link, begunToo: true);
        return AreAllAnswered(link) ? Rejection.Complete : Rejection.Begun;
    }

    /// <summary>Handles a later reply of a link that is being dropped.</summary>
    /// <param name="session">Of the link.</param>
    /// <param name="link">Rejecting.</param>
    /// <param name="error">The reply if it is an error, otherwise empty.</param>
    public static Rejection Continue(Conversation session, BackendLink link, ReadOnlySpan<byte> error)
    {
        Mark(session, link, error);
        return AreAllAnswered(link) ? Rejection.Complete : Rejection.Begun;
    }

    /// <summary>Marks the next unanswered request by its reply, which is not relayed: what does it say about what was executed?</summary>
    public static void Mark(Conversation session, BackendLink link, ReadOnlySpan<byte> error)
    {
        ref PendingRequest request = ref link.InFlight[link.AnsweredInFlight];
        bool isExec = request.Traits.Kind == CommandKind.Exec;
        request.IsAnswered = true;
        request.Rejection = RejectionOf(link, request, error);

        // A transaction runs at its EXEC, if there is one that was not aborted.
        bool isOfTransaction = isExec ? !link.RejectingTransaction.IsOpen || IsAborted(error) : link.RejectingTransaction.IsOpen;
        if (request.Rejection == Outcome.Forward && !request.Traits.IsResendable && !isOfTransaction)
        {
            // A write, or part of one, was executed after an earlier request was rejected. The earlier one cannot be moved past it; and
            // whether this one survives is unknown.
            request.Outcome = Outcome.Unknown;
            StopMoving(session.State.Transaction, link);
        }

        link.RejectingTransaction = link.RejectingTransaction.After(request.Traits.Kind, !error.IsEmpty, isExecAborted: isExec);
        link.AnsweredInFlight++;
    }

    /// <summary>Can the link's requests move to another one, judging by their number and kind?</summary>
    public static bool AreMovable(Conversation session, BackendLink link)
    {
        bool isMovable = session.State.Pin == PinReason.None && session.State.CanMoveTransaction && !session.Pipeline.IsRaw;
        for (int i = 0; i < link.InFlight.Count && isMovable; i++)
        {
            // It has several replies, so later ones could not be matched.
            isMovable = link.InFlight[i].Traits.Kind != CommandKind.Subscribe && link.InFlight[i].More == 0;
        }

        return isMovable;
    }

    /// <summary>
    /// The only classification of error replies: the rejection, if the reply proves that no part of its request was executed.
    /// <see cref="Outcome.Forward"/>: it proves nothing.
    /// </summary>
    private static Outcome ProofIn(in PendingRequest request, ReadOnlySpan<byte> error) =>
        MayBeOfAnInnerCommand(request, error) ? Outcome.Forward : ProxyReplies.Rejection(error);

    /// <summary>The error may come from a command run by this one, after others were executed. EXEC says if none was.</summary>
    private static bool MayBeOfAnInnerCommand(in PendingRequest request, ReadOnlySpan<byte> error) =>
        (request.Traits.Flags & CommandFlags.Nested) != 0 && !(request.Traits.Kind == CommandKind.Exec && IsAborted(error));

    private static bool IsAborted(ReadOnlySpan<byte> error) => error.StartsWith("-EXECABORT"u8);

    // An operator's CLIENT UNBLOCK with ERROR is for the client; the proxy's own only means that the pop is to wait elsewhere.
    private static Outcome RejectionOf(BackendLink link, in PendingRequest request, ReadOnlySpan<byte> error)
    {
        Outcome rejection = ProofIn(request, error);
        bool isOwn = rejection == Outcome.Forward && link.EndedWait == request.End && error.StartsWith("-UNBLOCKED "u8);
        return isOwn ? Outcome.RejectedUnblocked : rejection;
    }

    /// <summary>Requests answered before the current one keep their answers, and are not sent again.</summary>
    private static void StopMoving(TransactionState state, BackendLink link)
    {
        for (int i = 0; i < link.AnsweredInFlight; i++)
        {
            ref PendingRequest earlier = ref link.InFlight[i];
            CommandKind kind = earlier.Traits.Kind;
            bool isOfTransaction = state.IsOpen || kind == CommandKind.Multi;
            state = state.After(kind);
            if (earlier.IsProxyReply)
            {
                continue;
            }

            if (kind == CommandKind.Exec)
            {
                earlier.Outcome = Outcome.Aborted;
            }
            else if (earlier.Rejection != Outcome.Forward)
            {
                earlier.Outcome = earlier.Rejection;
            }
            else if (isOfTransaction && kind != CommandKind.Reset)
            {
                earlier.Outcome = kind is CommandKind.Multi or CommandKind.Discard ? Outcome.Acknowledged : Outcome.Queued;
            }
        }
    }

    // Redis sends this unrequested when it has too many clients, and closes. A script may return it, too.
    private static bool IsRefusedConnection(BackendLink link, ReadOnlySpan<byte> reply) =>
        !link.HasReplied && !link.IsAccepted && reply.StartsWith("-ERR max number of clients"u8)
        && (link.InFlight.IsEmpty || link.InFlight.Oldest.End > link.SentTo || !MayBeOfAnInnerCommand(link.InFlight.Oldest, reply));

    /// <summary>Does it show that the server is not a master to go on with?</summary>
    private static bool IsOfNoMaster(Conversation session, Outcome rejection) => rejection switch
    {
        Outcome.Forward => false,
        Outcome.RejectedReadOnly => !session.Settings.IsOfReplicas,
        Outcome.RejectedNoReplicas => session.Gate.IsMasterNew,
        _ => true,
    };

    private static bool CanMove(Conversation session, BackendLink link, Outcome rejection)
    {
        // Without Sentinel there is nowhere else to go; but a server that is loading will be ready.
        if (!session.Settings.HasSentinel && rejection != Outcome.RejectedLoading)
        {
            return false;
        }

        PendingRequest oldest = link.InFlight.Oldest;
        return oldest.Start >= session.Pipeline.Buffer.Kept && !oldest.IsOpen && AreMovable(session, link);
    }

    private static bool AreAllAnswered(BackendLink link)
    {
        while (link.AnsweredInFlight < link.InFlight.Count && link.InFlight[link.AnsweredInFlight].IsProxyReply)
        {
            link.AnsweredInFlight++;
        }

        return link.AnsweredInFlight == link.InFlight.Count;
    }
}

/// <summary>The effect of an error reply on its link.</summary>
internal enum Rejection : byte
{
    /// <summary>None: it is for the client.</summary>
    None,

    /// <summary>The server refuses the connection. The link is useless.</summary>
    OfConnection,

    /// <summary>The link is being dropped, and still owes replies.</summary>
    Begun,

    /// <summary>The link is being dropped, and owes no more replies.</summary>
    Complete,
}
