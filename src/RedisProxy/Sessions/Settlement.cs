namespace RedisProxy.Sessions;

/// <summary>
/// Decides what becomes of each request that a lost or superseded link owed, by what is known of it, and gives all of them back to the
/// session in their order:
/// <list type="bullet">
/// <item>not sent, or only in part: it waits for the next link (an incomplete request is never executed);</item>
/// <item>rejected: likewise;</item>
/// <item>a read, or one that only touched the lost connection: it is sent again;</item>
/// <item>anything else that was sent: its outcome is unknown. It is never sent again.</item>
/// </list>
/// </summary>
internal static class Settlement
{
    /// <returns>Why the session cannot go on with another backend; <see cref="PinReason.None"/>: it can, and all is settled.</returns>
    public static PinReason Settle(Session session, BackendLink link)
    {
        Pipeline pipeline = session.Pipeline;
        PinReason pin = session.State.FixedPin;
        if (link.IsRaw || (pipeline.IsRaw && link.SentTo >= pipeline.RawFrom && pin == PinReason.None))
        {
            return pin != PinReason.None ? pin : LastChange(pipeline).Pins;
        }

        TransactionState transaction = session.State.Transaction;
        Queue<StateChange>.Enumerator changes = pipeline.Changes.GetEnumerator();
        for (int i = 0; i < link.InFlight.Count; i++)
        {
            ref PendingRequest request = ref link.InFlight[i];
            StateChange? change = request.HasChange && changes.MoveNext() ? changes.Current : null;
            if (request.IsSynthesised)
            {
                continue;
            }

            if (request.IsOpen || request.End > link.SentTo)
            {
                SettleUnsent(pipeline, ref request);
                continue;
            }

            if (pin == PinReason.None && change is not null)
            {
                pin = change.Pins;
            }

            // Followed ahead: what a pipeline of MULTI, commands and EXEC did is unknown as a whole.
            bool isInTransaction = transaction.IsOpen;
            transaction = transaction.After(request.Traits.Kind, isError: false, isExecAborted: false);
            SettleSent(session, ref request, isInTransaction);
        }

        pin = pin != PinReason.None ? pin : transaction.Pin;
        if (pin == PinReason.None)
        {
            pipeline.TakeBackAll(link);
        }

        return pin;
    }

    private static void SettleUnsent(Pipeline pipeline, ref PendingRequest request)
    {
        if (request.Start < pipeline.Buffer.Kept)
        {
            // Too large to be kept, so it cannot be begun again.
            request.Outcome = Outcome.NotExecuted;
        }
    }

    private static void SettleSent(Session session, ref PendingRequest request, bool isInTransaction)
    {
        bool isKept = request.Start >= session.Pipeline.Buffer.Kept;
        bool isHarmless = request.IsAnswered || (request.Traits.IsResendable && session.Settings.ResendsReads);
        if (isKept && isHarmless && !isInTransaction)
        {
            session.Counters.Resent++;
            return;
        }

        request.Outcome = request.Rejection != Outcome.Forward ? request.Rejection : Outcome.Unknown;
    }

    private static StateChange LastChange(Pipeline pipeline) => pipeline.Changes.Last();
}
