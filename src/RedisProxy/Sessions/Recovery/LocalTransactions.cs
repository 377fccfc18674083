using System.Diagnostics;

using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Finds transactions among the waiting requests that can only end one way (see <see cref="TransactionFate"/>), and answers their
/// requests as the backend would. Nothing of such a transaction may reach a backend: a MULTI there would stay open.
/// </summary>
internal static class LocalTransactions
{
    /// <summary>A link was lost, and its requests wait again.</summary>
    /// <param name="session">Of the link.</param>
    /// <param name="start">State of the transaction before the oldest waiting request.</param>
    public static void AfterLoss(Conversation session, TransactionState start)
    {
        session.State.BeginTransactionAnew(start.IsCompletedLocally ? default : start);
        Walk(session, start);
    }

    /// <summary>Requests that waited too long were given up.</summary>
    /// <returns>True: the link has to be dropped, and then <see cref="AfterLoss"/> decides.</returns>
    public static bool AfterExpiry(Conversation session)
    {
        TransactionState start = session.State.Transaction;
        if (session.Link is { } link)
        {
            start = After(start, link.InFlight, from: 0);
            if (start.IsOpen && HasGap(session.Pipeline.Waiting, start))
            {
                // The link has a MULTI that must not be continued, and no DISCARD can be sent behind what is in flight.
                return true;
            }
        }

        Walk(session, start);
        return false;
    }

    /// <summary>The backend refused the oldest request in flight, which was to end the transaction: later ones belong to it.</summary>
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

    /// <summary>Is part of the transaction missing that is open before the oldest request?</summary>
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
                // Given up, but it keeps its place in the transaction, which ends with its EXEC.
                if (request.IsGivenUp && state.IsCompletedLocally)
                {
                    (Outcome answer, state) = state.Next(kind);

                    // By the next walk, the requests before it may have been answered: it must not look like the beginning then.
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

    /// <summary>Part of a transaction is given up, and therefore all of it.</summary>
    /// <param name="session">Of the transaction.</param>
    /// <param name="state">Before that part.</param>
    /// <param name="multi">Index of its MULTI if it waits.</param>
    /// <param name="part">Index of that part.</param>
    private static TransactionState Abort(Conversation session, TransactionState state, int multi, int part)
    {
        RequestQueue waiting = session.Pipeline.Waiting;
        var aborted = new TransactionState(IsOpen: false, IsWatching: false, TransactionFate.Abort);
        if (!state.IsOpen)
        {
            // The MULTI itself. It executes nothing; its client learns of the failure at EXEC.
            waiting[part].Outcome = Outcome.Acknowledged;
            return aborted with { IsOpen = true };
        }

        if (multi < 0)
        {
            // It was confirmed by the lost backend; the next one is not sent it.
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

        Debug.Assert(aborted.IsOpen, "nothing between its MULTI and the part ends it");
        return aborted.Next(waiting[part].Traits.Kind).State;
    }
}
