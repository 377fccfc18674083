using RedisProxy.EventLoops;
using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>Writes proxy replies, for all requests that are due for one, and the proxy's own pushes.</summary>
internal static class ProxyReplyWriter
{
    /// <summary>Is anything due, now that whatever was on its way to the client is sent?</summary>
    public static bool IsDue(Conversation session) =>
        session.OwesInvalidation || session.Pipeline.IsProxyReplyDue || HandoffPushes.AreDue(session);

    /// <returns>Why the session ends once these are sent; <see cref="EndCause.None"/>: it goes on.</returns>
    public static EndCause Compose(Conversation session, Slab slab)
    {
        if (session.OwesInvalidation)
        {
            session.OwesInvalidation = false;
            ProxyReplies.InvalidateAll.CopyTo(slab.Tail);
            slab.End += ProxyReplies.InvalidateAll.Length;
        }

        HandoffPushes.Compose(session, slab);
        Pipeline pipeline = session.Pipeline;
        while (pipeline.IsProxyReplyDue)
        {
            RequestQueue queue = pipeline.OldestQueue;
            PendingRequest request = queue.Oldest;
            byte[] text = TextOf(session, request.Outcome);
            if (text.Length > slab.Free)
            {
                break;
            }

            // A CLIENT REPLY that was not executed gets the answer that its client expects after execution.
            StateChange? change = request.HasChange ? pipeline.Changes.TakeOldest() : null;
            ApplyOwn(session.State, request.Outcome, change);
            bool isSilent = session.State.TakeReply(request, change, isError: false) == ReplyFate.Dropped;
            pipeline.RetireOldest(queue);
            if (request.Outcome == Outcome.Unknown && !isSilent && EndsAtUnknown(session.Settings, request.Traits))
            {
                return EndCause.UnknownOutcome;
            }

            if (request.Outcome == Outcome.NotConfirmed && session.Settings.Durable is { Disconnects: true })
            {
                return EndCause.NotConfirmed;
            }

            if (!isSilent)
            {
                text.CopyTo(slab.Tail);
                slab.End += text.Length;
            }

            session.Counters.ProxyReplies[(int)request.Outcome]++;
            session.Counters.Requests++;
            // What follows the end of framing was left unframed, and no backend will say how it continues.
            if (request.IsLostChange || (pipeline.IsRaw && request.End == pipeline.RawFrom))
            {
                pipeline.GiveUpWaiting();
            }

            if (request.Outcome == Outcome.ProtocolError)
            {
                return EndCause.ClientProtocolError;
            }

            if (request.Traits.Kind == CommandKind.Quit && request.Outcome == Outcome.Acknowledged)
            {
                return EndCause.Quit;
            }
        }

        // An incomplete request has no place for a reply yet.
        bool isAllAnswered = pipeline.Waiting.IsEmpty || pipeline.Waiting.Oldest.IsOpen;
        return pipeline.HasLostChange && isAllAnswered ? EndCause.StateInDoubt : EndCause.None;
    }

    // What no backend is told.
    private static void ApplyOwn(ConnectionState state, Outcome outcome, StateChange? change)
    {
        if (outcome == Outcome.Named)
        {
            state.Apply(change!, request: default, reply: default, isError: false);
        }
        else if (outcome == Outcome.Handoffs)
        {
            state.TellHandoffs(change!);
        }
    }

    private static byte[] TextOf(Conversation session, Outcome outcome)
    {
        Identity identity = session.State.Identity;
        return outcome switch
        {
            Outcome.ProtocolError => session.Pipeline.RefusalText,
            Outcome.NameOfClient => ProxyReplies.ForName(identity.Name, identity.Protocol),
            _ => session.Settings.Replies.For(outcome, identity.Protocol),
        };
    }

    private static bool EndsAtUnknown(SessionSettings settings, CommandTraits traits) =>
        traits.IsBlocking ? settings.DisconnectsOnUnknownBlocking : settings.DisconnectsOnUnknownOutcome;
}
