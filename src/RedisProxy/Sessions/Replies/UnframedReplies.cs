namespace RedisProxy.Sessions;

/// <summary>Replies that are relayed unread, because no reply of one of them answers one request: MONITOR, SYNC.</summary>
internal static class UnframedReplies
{
    /// <summary>
    /// Does the next reply end the matching of replies to requests? Not before its request was sent: anything that arrives until then is
    /// a message.
    /// </summary>
    public static bool TryEnter(Conversation session, BackendLink link)
    {
        Pipeline pipeline = session.Pipeline;
        if (!pipeline.HasSentRaw(link) || link.InFlight.IsEmpty || link.InFlight.Oldest.End != pipeline.RawFrom || link.IsRejecting)
        {
            return false;
        }

        session.State.PinAs(pipeline.Changes.TakeOldest().Pins);
        pipeline.RetireOldest(link.InFlight);
        link.IsRaw = true;
        if (!session.State.Replies.IsOn)
        {
            // Unframed replies cannot be split into those that the client wants and those that it does not.
            session.End(EndCause.StateInDoubt);
        }

        return true;
    }
}
