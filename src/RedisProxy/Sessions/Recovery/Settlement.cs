using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Decides the fate of each request of a lost or superseded link by what is known of it, and requeues all of them in order:
/// <list type="bullet">
/// <item>not sent, or only in part: waits for the next link (an incomplete request is never executed);</item>
/// <item>rejected: likewise;</item>
/// <item>a read, or one that only touched the lost connection: sent again, but not forever (<see cref="LossCount"/>);</item>
/// <item>queued behind a MULTI that was answered and whose EXEC was not sent: likewise, it was not executed;</item>
/// <item>anything else that was sent: unknown outcome, and never sent again. An unknown EXEC takes its transaction along.</item>
/// </list>
/// </summary>
internal static class Settlement
{
    /// <returns>
    /// Why the session cannot continue with another backend; <see cref="PinReason.None"/>: it can, and all is settled; but with
    /// <see cref="LossCount.IsTooHigh"/> it must not.
    /// </returns>
    public static PinReason Settle(Conversation session, BackendLink link)
    {
        PinReason pin = PinOf(session, link);
        if (pin != PinReason.None)
        {
            return pin;
        }

        if (!link.InFlight.IsEmpty && IsWaitingOn(session, link.InFlight.Oldest, link))
        {
            session.Pipeline.Interrupt(link.InFlight.Oldest);
        }

        session.Pipeline.Losses.Begin(link);
        TransactionState start = SettleAll(session, link);
        TakenBack.All(session, link);
        LocalTransactions.AfterLoss(session, start);
        return PinReason.None;
    }

    /// <summary>Why the session would end with this link; <see cref="PinReason.None"/>: it would not.</summary>
    public static PinReason PinOf(Conversation session, BackendLink link)
    {
        Pipeline pipeline = session.Pipeline;
        PinReason pin = session.State.Pin;
        return pin != PinReason.None ? pin
            : link.IsRaw || pipeline.HasSentRaw(link) ? pipeline.Changes.Newest.Pins
            : PinOf(pipeline, link);
    }

    /// <summary>
    /// The session's transaction once its link is lost, unless its end is in flight; default: there is none.
    /// </summary>
    public static TransactionState TransactionAfterLoss(Conversation session)
    {
        TransactionState now = session.State.Transaction;
        return !now.IsOpen && !now.IsWatching ? default
            : now.IsWatching ? new TransactionState(now.IsOpen, IsWatching: false, TransactionFate.Conflict)
            : session.State.CanMoveTransaction ? now : now with { Fate = TransactionFate.Abort };
    }

    /// <summary>An inspected request that may be repeated touches nothing but its connection.</summary>
    public static bool MayRepeat(SessionSettings settings, CommandTraits traits) =>
        traits.IsResendable ? settings.ResendsReads || traits.NeedsInspection : traits.IsBlocking && settings.ResendsBlocking;

    /// <returns>State of the transaction for the next link, or how it ends.</returns>
    private static TransactionState SettleAll(Conversation session, BackendLink link)
    {
        TransactionState start = session.State.Transaction;
        TransactionState state = start;
        bool isInStart = true;
        bool isStartOver = false;

        // A MULTI may be refused (a permission, a renamed command), and then what is behind it is executed at once.
        bool isConfirmed = start.IsOpen;
        int multi = 0;
        for (int i = 0; i < link.InFlight.Count; i++)
        {
            ref PendingRequest request = ref link.InFlight[i];
            bool isSent = !request.IsOpen && request.End <= link.SentTo;
            if (!request.IsProxyReply && !isSent)
            {
                SettleUnsent(session.Pipeline, ref request);
                continue;
            }

            CommandKind kind = request.Traits.Kind;
            if (kind == CommandKind.Multi && !state.IsOpen)
            {
                multi = i;
                isConfirmed = request.IsProxyReply;
            }

            if (!request.IsProxyReply)
            {
                SettleSent(session, ref request, isQueued: isConfirmed && state.IsOpen && kind != CommandKind.Exec);
            }

            if (kind is (CommandKind.Exec or CommandKind.Discard) && state.IsOpen && request.IsProxyReply)
            {
                isStartOver |= isInStart;
                LoseTransaction(link, multi, i, request.Outcome);
            }

            state = state.After(kind);
            isInStart &= kind is not (CommandKind.Exec or CommandKind.Discard or CommandKind.Reset);
        }

        return isStartOver ? default : TransactionAfterLoss(session);
    }

    // Once the end of a transaction is decided, the transaction must not start again without it.
    private static void LoseTransaction(BackendLink link, int multi, int end, Outcome outcome)
    {
        for (int i = multi; i < end; i++)
        {
            ref PendingRequest queued = ref link.InFlight[i];

            // Nothing blocks inside a transaction.
            queued.Traits = queued.Traits with { Flags = queued.Traits.Flags & ~CommandFlags.Blocking };
            if (queued.Outcome is Outcome.Forward or Outcome.NotExecuted)
            {
                queued.Outcome = outcome == Outcome.Unknown ? Outcome.Unknown
                    : queued.Traits.Kind == CommandKind.Multi ? Outcome.Acknowledged : Outcome.Queued;
            }
        }
    }

    private static void SettleUnsent(Pipeline pipeline, ref PendingRequest request)
    {
        if (request.Start < pipeline.Buffer.Kept)
        {
            // Too large to be kept, so it cannot be sent from the start again.
            request.Outcome = Outcome.NotExecuted;
        }
    }

    private static void SettleSent(Conversation session, ref PendingRequest request, bool isQueued)
    {
        bool isKept = request.Start >= session.Pipeline.Buffer.Kept;
        bool isHarmless = request.IsAnswered || isQueued || MayRepeat(session.Settings, request.Traits);
        if (isKept && isHarmless)
        {
            session.Counters.Resent++;
            if (!isQueued && request.Rejection == Outcome.Forward)
            {
                session.Pipeline.Losses.Add(ref request);
            }
        }
        else
        {
            // A MULTI executes nothing; if it cannot be replayed, its EXEC reports that (LocalTransactions).
            bool isOnlyQueued = isQueued || request.Traits.Kind == CommandKind.Multi;
            request.Outcome = request.Rejection != Outcome.Forward ? request.Rejection
                : isOnlyQueued ? Outcome.NotExecuted
                : Outcome.Unknown;
        }
    }

    private static bool IsWaitingOn(Conversation session, in PendingRequest request, BackendLink link) =>
        request.Traits.IsBlocking && !request.IsProxyReply && !request.IsAnswered && request.End <= link.SentTo
        && MayRepeat(session.Settings, request.Traits);

    /// <summary>Did a request in flight pin the connection, or may it have done so?</summary>
    private static PinReason PinOf(Pipeline pipeline, BackendLink link)
    {
        Queue<StateChange>.Enumerator changes = pipeline.Changes.GetEnumerator();
        for (int i = 0; i < link.InFlight.Count; i++)
        {
            ref PendingRequest request = ref link.InFlight[i];
            if (!request.HasChange || !changes.MoveNext() || request.IsProxyReply || request.End > link.SentTo)
            {
                continue;
            }

            // A request confirmed in part can neither be repeated nor left as it is.
            PinReason pin = changes.Current.Confirmed > 0 ? PinReason.PubSub : changes.Current.Pins;
            if (pin != PinReason.None)
            {
                return pin;
            }
        }

        return PinReason.None;
    }
}
