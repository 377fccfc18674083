using RedisProxy.EventLoops;
using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>Writes the answers that the proxy gives itself, for as many requests as are next in line for one.</summary>
internal static class OwnAnswers
{
    /// <returns>Why the session ends once these are sent; <see cref="EndCause.None"/> when it goes on.</returns>
    public static EndCause Compose(Session session, Slab slab)
    {
        if (session.OwesInvalidation)
        {
            session.OwesInvalidation = false;
            SyntheticReplies.InvalidateAll.CopyTo(slab.Tail);
            slab.End += SyntheticReplies.InvalidateAll.Length;
        }

        Pipeline pipeline = session.Pipeline;
        while (pipeline.IsSynthesisedDue)
        {
            RequestQueue queue = pipeline.OldestQueue;
            PendingRequest request = queue.Oldest;
            if (request.Outcome == Outcome.Unknown && !request.IsSilent && session.Settings.DisconnectsOnUnknownOutcome)
            {
                return EndCause.UnknownOutcome;
            }

            byte[] text = request.IsSilent ? []
                : request.Outcome == Outcome.ProtocolError ? pipeline.RefusalText
                : session.Settings.Replies.For(request.Outcome, session.State.Protocol);
            if (text.Length > slab.Free)
            {
                break;
            }

            text.CopyTo(slab.Tail);
            slab.End += text.Length;
            session.Counters.Synthesised[(int)request.Outcome]++;
            session.Counters.Requests++;
            if (request.HasChange)
            {
                pipeline.Changes.Dequeue();
            }

            pipeline.RemoveOldest(queue);
            if (request.Outcome == Outcome.ProtocolError)
            {
                return EndCause.ClientProtocolError;
            }

            if (request.Traits.Kind == CommandKind.Quit && request.Outcome == Outcome.Acknowledged)
            {
                return EndCause.Quit;
            }

            if (request.End == pipeline.RawFrom)
            {
                // What follows was never framed, so it cannot be taken for requests now.
                return EndCause.HoldExpired;
            }
        }

        return EndCause.None;
    }
}
