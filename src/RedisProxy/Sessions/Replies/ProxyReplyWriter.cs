using RedisProxy.EventLoops;
using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>Writes proxy replies, for all requests that are due for one.</summary>
internal static class ProxyReplyWriter
{
    /// <returns>Why the session ends once these are sent; <see cref="EndCause.None"/>: it goes on.</returns>
    public static EndCause Compose(Conversation session, Slab slab)
    {
        if (session.OwesInvalidation)
        {
            session.OwesInvalidation = false;
            ProxyReplies.InvalidateAll.CopyTo(slab.Tail);
            slab.End += ProxyReplies.InvalidateAll.Length;
        }

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
            if (request.Outcome == Outcome.Named)
            {
                session.State.Apply(change!, request: default, reply: default, isError: false);
            }

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
