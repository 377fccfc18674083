using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>What a request does to its connection, applied in the moment in which that is known.</summary>
internal static class RequestEffects
{
    /// <summary>The oldest request in flight has a reply.</summary>
    /// <param name="session">Whose it is.</param>
    /// <param name="request">The oldest in flight.</param>
    /// <param name="reply">Whole; empty when it was too large to be kept.</param>
    /// <param name="isError">It was refused.</param>
    public static ReplyFate Apply(Conversation session, in PendingRequest request, ReadOnlySpan<byte> reply, bool isError)
    {
        ConnectionState state = session.State;
        Pipeline pipeline = session.Pipeline;
        if (!request.HasChange)
        {
            if (state.Transaction.IsOpen)
            {
                state.Enqueue(null, pipeline.BytesOf(request), isError);
            }

            return state.TakeReply(request, null, isError);
        }

        StateChange change = pipeline.Changes.Oldest;
        bool isSubscription = change.Kind == CommandKind.Subscribe && !isError;
        bool isConfirmation = isSubscription && !state.Transaction.IsOpen;
        if (isSubscription && !isConfirmation)
        {
            // Queued behind an end of the transaction that was refused: its confirmations will stand in EXEC's reply.
            state.Doubt();
        }
        else if (isConfirmation)
        {
            if (!Subscriptions.IsConfirmation(reply))
            {
                return ReplyFate.NotUnderstood;
            }

            if (!state.Subscribing().Confirm(reply, change))
            {
                return ReplyFate.FollowedByMore;
            }
        }

        ReplyFate fate = state.TakeReply(request, change, isError);
        state.Apply(pipeline.Changes.TakeOldest(), pipeline.BytesOf(request), reply, isError);
        if (isError && change.Kind is CommandKind.Discard or CommandKind.Reset && state.Transaction.IsOpen)
        {
            LocalTransactions.AfterRefusal(session);
        }

        return isConfirmation ? ReplyFate.Relayed : fate;
    }
}
