namespace RedisProxy.Sessions;

/// <summary>What a request does to its connection, applied in the moment in which that is known.</summary>
internal static class RequestEffects
{
    /// <summary>The oldest request in flight has a reply, or is done without one.</summary>
    /// <param name="session">Whose it is.</param>
    /// <param name="request">The oldest in flight.</param>
    /// <param name="reply">Whole; empty when it was too large to be kept, or when there is none.</param>
    /// <param name="isError">It was refused.</param>
    /// <returns>False: more is to come.</returns>
    public static bool Apply(Session session, in PendingRequest request, ReadOnlySpan<byte> reply, bool isError)
    {
        ConnectionState state = session.State;
        Pipeline pipeline = session.Pipeline;
        if (!request.HasChange)
        {
            if (state.Transaction.IsOpen)
            {
                state.Enqueue(null, pipeline.BytesOf(request), isError);
            }

            return true;
        }

        StateChange change = pipeline.Changes.Peek();
        if (change.Kind == Resp.CommandKind.Subscribe && !isError && !state.Subscribing().Confirm(reply, change))
        {
            return false;
        }

        state.Apply(pipeline.Changes.Dequeue(), pipeline.BytesOf(request), reply, isError);
        return true;
    }

    /// <summary>Requests that get no reply are done once they are sent and nothing is before them.</summary>
    public static void EndSilent(Session session, BackendLink link)
    {
        while (!link.InFlight.IsEmpty && link.InFlight.Oldest is { IsSilent: true, IsSynthesised: false } request
            && request.End <= link.SentTo)
        {
            Apply(session, request, reply: default, isError: false);
            session.Counters.Requests++;
            session.Pipeline.RemoveOldest(link.InFlight);
            if (request.Traits.Kind == Resp.CommandKind.Quit)
            {
                session.End(EndCause.Quit);
            }
        }
    }
}
