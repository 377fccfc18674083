namespace RedisProxy.Sessions;

/// <summary>Limits what is held for a session.</summary>
internal static class InputLimit
{
    /// <summary>May more be received?</summary>
    /// <param name="session">Of the client.</param>
    /// <param name="requestStart">Offset of the next or incomplete request.</param>
    /// <param name="hasOpenRequest">That request is forwarded before it is complete.</param>
    public static bool Has(Conversation session, long requestStart, bool hasOpenRequest)
    {
        Pipeline pipeline = session.Pipeline;
        int maxBytes = session.Settings.MaxReplayBytes;
        if (session.IsInputStopped)
        {
            return false;
        }

        if (pipeline.IsRaw)
        {
            return pipeline.Waiting.IsEmpty
                ? session.Link is not null && session.Gate.View.IsServing
                : pipeline.Buffer.Received - pipeline.RawFrom < maxBytes;
        }

        if (pipeline.Waiting.IsEmpty)
        {
            return true;
        }

        if (!hasOpenRequest)
        {
            return requestStart - pipeline.Waiting.Oldest.Start < maxBytes;
        }

        // An incomplete request whose beginning is gone is discarded as it arrives, but only once nothing is before it.
        return pipeline.Waiting.Newest.IsProxyReply
            ? pipeline.Count == 1
            : pipeline.Buffer.Received - pipeline.Waiting.Oldest.Start < maxBytes;
    }
}
