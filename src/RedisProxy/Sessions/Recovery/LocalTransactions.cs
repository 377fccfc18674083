using System.Diagnostics;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Finds the transactions that can only end one way (see <see cref="TransactionFate"/>) among the requests that wait, and gives their
/// requests the answers that the backend would give. Nothing of such a transaction may reach a backend: a MULTI there would stay open.
/// </summary>
internal static class LocalTransactions
{
    /// <summary>A link was lost, and all that it owed waits again.</summary>
    /// <param name="session">Its session.</param>
    /// <param name="start">Where the transaction stands before the oldest request that waits.</param>
    public static void AfterLoss(Conversation session, TransactionState start)
    {
        session.State.BeginTransactionAnew(start.IsCompletedLocally ? default : start);
        Walk(session, start);
    }

    /// <summary>Requests were given up that had waited too long.</summary>
    /// <returns>True: the link has to be given up, and then <see cref="AfterLoss"/> decides.</returns>
    public static bool AfterExpiry(Conversation session)
    {
        TransactionState start = session.State.Transaction;
        if (session.Link is { } link)
        {
            start = After(start, link.InFlight, from: 0);
            if (start.IsOpen && HasGap(session.Pipeline.Waiting, start))
            {
                // It has a MULTI that must not be continued, and there is no way to say so behind what is in flight.
                return true;
            }
        }

        Walk(session, start);
        return false;
    }

    /// <summary>The oldest request in flight was refused the end of the transaction, so what is behind that belongs to it.</summary>
    public static void AfterRefusal(Conversation session)
    {
        Pipeline pipeline = session.Pipeline;
        TransactionState state = After(After(session.State.Transaction, session.Link!.InFlight, from: 1), pipeline.Waiting, from: 0);
        pipeline.Ahead = pipeline.Ahead.IsCompletedLocally ? pipeline.Ahead : state;
    }

    private static TransactionState After(TransactionState state, RequestQueue requests, int from)
    {
        for (int i = from; i < requests.Count; i++)
        {
            state = requests[i].IsProxyReply ? state : state.After(requests[i].Traits.Kind);
        }

        return state;
    }

    /// <summary>Is a part missing in the transaction that is open before the oldest request?</summary>
    private static bool HasGap(RequestQueue waiting, TransactionState state)
    {
        for (int i = 0; i < waiting.Count && state.IsOpen; i++)
        {
            if (waiting[i].IsGivenUp)
            {
                return true;
            }

            state = state.After(waiting[i].Traits.Kind);
        }

        return false;
    }

    private static void Walk(Conversation session, TransactionState state)
    {
        Pipeline pipeline = session.Pipeline;
        int multi = -1;
        for (int i = 0; i < pipeline.Waiting.Count; i++)
        {
            ref PendingRequest request = ref pipeline.Waiting[i];
            CommandKind kind = request.Traits.Kind;
            bool isPart = state.IsOpen ? request.IsGivenUp : kind == CommandKind.Multi && request.Outcome == Outcome.NotExecuted;
            if (isPart && !state.IsCompletedLocally)
            {
                state = Abort(session, state, multi, i);
            }
            else if (request.IsProxyReply)
            {
                // Given up, but it still has its place in the transaction, which its EXEC ends.
                if (request.IsGivenUp && state.IsCompletedLocally)
                {
                    (Outcome answer, state) = state.Next(kind);

                    // When it is looked at again, what is before it may have been answered: it must not look like a beginning then.
                    request.Outcome = kind == CommandKind.Multi ? answer : request.Outcome;
                }
            }
            else
            {
                multi = kind == CommandKind.Multi && !state.IsOpen ? i : multi;
                (request.Outcome, state) = state.Next(kind);
            }
        }

        if (!pipeline.Ahead.IsCompletedLocally)
        {
            pipeline.Ahead = state;
        }
    }

    /// <summary>A part of a transaction is given up; so is the whole.</summary>
    /// <param name="session">Its session.</param>
    /// <param name="state">Before the part.</param>
    /// <param name="multi">Where its MULTI waits, if it does.</param>
    /// <param name="part">Where the part waits.</param>
    private static TransactionState Abort(Conversation session, TransactionState state, int multi, int part)
    {
        RequestQueue waiting = session.Pipeline.Waiting;
        var aborted = new TransactionState(IsOpen: false, IsWatching: false, TransactionFate.Abort);
        if (!state.IsOpen)
        {
            // The MULTI itself. It executes nothing; what follows it must be told so at EXEC.
            waiting[part].Outcome = Outcome.Acknowledged;
            return aborted with { IsOpen = true };
        }

        if (multi < 0)
        {
            // It was confirmed by the lost backend; the next one hears nothing of it.
            session.State.BeginTransactionAnew(default);
            aborted = aborted with { IsOpen = true };
        }

        for (int i = Math.Max(multi, 0); i < part; i++)
        {
            ref PendingRequest earlier = ref waiting[i];
            if (!earlier.IsProxyReply)
            {
                (earlier.Outcome, aborted) = aborted.Next(earlier.Traits.Kind);
            }
        }

        Debug.Assert(aborted.IsOpen, "from its MULTI to the part nothing ends it");
        return aborted.Next(waiting[part].Traits.Kind).State;
    }
}
