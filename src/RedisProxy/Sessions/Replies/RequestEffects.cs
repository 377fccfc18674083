using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>The effect of a request on its connection, applied as soon as it is known.</summary>
internal static class RequestEffects
{
    /// <summary>Handles the reply to the oldest request in flight.</summary>
    /// <param name="session">Of the request.</param>
    /// <param name="request">The oldest in flight.</param>
    /// <param name="reply">The whole reply; empty if it was too large to be kept.</param>
    /// <param name="isError">The request was refused.</param>
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
            // Queued because the end of the transaction before it was refused: its confirmations will be part of EXEC's reply.
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
