using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// A backend that answers READONLY, LOADING, MASTERDOWN, UNBLOCKED or REDIRECT has not executed the request: it is no master, or not
/// yet. NOREPLICAS says the same of one that has become the master lately and waits for its replicas. The request is not lost but goes
/// to the master, and to keep order everything behind it does too: nothing more is sent to this link, what it still owes is read and not
/// relayed, and when it owes nothing more it is given up.
/// </summary>
internal static class Rejections
{
    /// <summary>The oldest request in flight got an error reply.</summary>
    public static Rejection Begin(Conversation session, BackendLink link, ReadOnlySpan<byte> reply)
    {
        if (IsRefusedConnection(link, reply))
        {
            // Said before anything was read, so nothing was executed, whatever was sent meanwhile.
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

    /// <summary>A later reply of a link that is being given up.</summary>
    /// <param name="session">The link's.</param>
    /// <param name="link">Rejecting.</param>
    /// <param name="error">The reply when it is an error; else empty.</param>
    public static Rejection Continue(Conversation session, BackendLink link, ReadOnlySpan<byte> error)
    {
        Mark(session, link, error);
        return AreAllAnswered(link) ? Rejection.Complete : Rejection.Begun;
    }

    /// <summary>The next request that has no reply has got one, which is not relayed: what does it say about what was executed?</summary>
    public static void Mark(Conversation session, BackendLink link, ReadOnlySpan<byte> error)
    {
        ref PendingRequest request = ref link.InFlight[link.AnsweredInFlight];
        bool isExec = request.Traits.Kind == CommandKind.Exec;
        request.IsAnswered = true;
        request.Rejection = RejectionOf(link, request, error);

        // A transaction runs at its EXEC, if there is one and it was not aborted.
        bool isOfTransaction = isExec ? !link.RejectingTransaction.IsOpen || IsAborted(error) : link.RejectingTransaction.IsOpen;
        if (request.Rejection == Outcome.Forward && !request.Traits.IsResendable && !isOfTransaction)
        {
            // It executed a write, or a part of one, after it had rejected an earlier one. The earlier one cannot be moved past it; and
            // whether this one counts, nobody knows.
            request.Outcome = Outcome.Unknown;
            StopMoving(session.State.Transaction, link);
        }

        link.RejectingTransaction = link.RejectingTransaction.After(request.Traits.Kind, !error.IsEmpty, isExecAborted: isExec);
        link.AnsweredInFlight++;
    }

    /// <summary>Can the requests that this link owes go to another one, as far as their number and kind says?</summary>
    public static bool AreMovable(Conversation session, BackendLink link)
    {
        bool isMovable = session.State.Pin == PinReason.None && session.State.CanMoveTransaction && !session.Pipeline.IsRaw;
        for (int i = 0; i < link.InFlight.Count && isMovable; i++)
        {
            // It has several replies, so those that come next could not be counted.
            isMovable = link.InFlight[i].Traits.Kind != CommandKind.Subscribe && link.InFlight[i].More == 0;
        }

        return isMovable;
    }

    /// <summary>
    /// The one judgement of an error reply: which rejection it is, if it proves that nothing of its request was executed.
    /// <see cref="Outcome.Forward"/>: it proves nothing.
    /// </summary>
    private static Outcome ProofIn(in PendingRequest request, ReadOnlySpan<byte> error) =>
        MayBeOfAnInnerCommand(request, error) ? Outcome.Forward : ProxyReplies.Rejection(error);

    /// <summary>An error of a command that runs others may be one of theirs, after others were executed. EXEC says when none was.</summary>
    private static bool MayBeOfAnInnerCommand(in PendingRequest request, ReadOnlySpan<byte> error) =>
        (request.Traits.Flags & CommandFlags.Nested) != 0 && !(request.Traits.Kind == CommandKind.Exec && IsAborted(error));

    private static bool IsAborted(ReadOnlySpan<byte> error) => error.StartsWith("-EXECABORT"u8);

    // An operator's CLIENT UNBLOCK with ERROR is for the client; the proxy's own means only that it is to wait elsewhere.
    private static Outcome RejectionOf(BackendLink link, in PendingRequest request, ReadOnlySpan<byte> error)
    {
        Outcome rejection = ProofIn(request, error);
        bool isOwn = rejection == Outcome.Forward && link.EndedWait == request.End && error.StartsWith("-UNBLOCKED "u8);
        return isOwn ? Outcome.RejectedUnblocked : rejection;
    }

    /// <summary>All that was answered before the present request has had its answer, and is not sent again.</summary>
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

    // Redis says so at accept when it has too many clients, unasked, and closes. A script that was sent may say it, too.
    private static bool IsRefusedConnection(BackendLink link, ReadOnlySpan<byte> reply) =>
        !link.HasReplied && !link.IsAccepted && reply.StartsWith("-ERR max number of clients"u8)
        && (link.InFlight.IsEmpty || link.InFlight.Oldest.End > link.SentTo || !MayBeOfAnInnerCommand(link.InFlight.Oldest, reply));

    /// <summary>Does it say that the server is no master to go on with?</summary>
    private static bool IsOfNoMaster(Conversation session, Outcome rejection) => rejection switch
    {
        Outcome.Forward => false,
        Outcome.RejectedReadOnly => !session.Settings.IsOfReplicas,
        Outcome.RejectedNoReplicas => session.Gate.IsMasterNew,
        _ => true,
    };

    private static bool CanMove(Conversation session, BackendLink link, Outcome rejection)
    {
        // Without Sentinel there is nowhere else to go; but a server that is loading will have loaded.
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

/// <summary>What an error reply makes of its link.</summary>
internal enum Rejection : byte
{
    /// <summary>Nothing: it is for the client.</summary>
    None,

    /// <summary>The server wants no connection. The link is of no use.</summary>
    OfConnection,

    /// <summary>It is being given up, and still owes replies.</summary>
    Begun,

    /// <summary>It is being given up, and owes nothing any more.</summary>
    Complete,
}
