using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// The short paths for the usual: requests that change nothing and go on at once, and whole replies to them. What is not usual is
/// left to the long paths (<see cref="RequestIntake"/>, <see cref="Pipeline.Take"/>, <see cref="ReplyReader"/>), which come to the same
/// for the usual as well. Half of the time that the proxy spends on a pipelined request, apart from the kernel's, is saved here.
/// </summary>
internal static class PlainTraffic
{
    /// <summary>A request that is not looked into and is answered: into the link's ledger, if it may go and nothing is before it.</summary>
    public static bool TryHandOver(Session session, long start, long end, CommandTraits traits, long waitsSinceMs)
    {
        Pipeline pipeline = session.Pipeline;
        if (session.Link is not { } link || !pipeline.Waiting.IsEmpty || pipeline.Ahead.IsPlayedHere || pipeline.HasInterrupted
            || traits.Kind != CommandKind.Plain || !pipeline.CanHandOver(link, start, traits))
        {
            return false;
        }

        if (!link.HasUnsent)
        {
            link.SentTo = start;
        }

        link.SendEnd = end;
        link.HasWritten |= !traits.IsResendable;
        ref PendingRequest request = ref link.InFlight.AddNewest();
        if (request.Session != session)
        {
            // Written only once for each slot: a write of a reference costs more than all the others together.
            request.Session = session;
        }

        request.Start = start;
        request.End = end;
        request.WaitsSinceMs = waitsSinceMs;
        request.Traits = traits;
        request.Outcome = Outcome.Forward;
        request.Rejection = Outcome.Forward;
        request.HasWaited = false;
        request.HasChange = false;
        request.IsSilent = false;
        request.IsAnswered = false;
        return true;
    }

    /// <summary>Whole replies to plain requests.</summary>
    /// <param name="session">The link's.</param>
    /// <param name="link">What it owes is at a boundary.</param>
    /// <param name="input">What it said and was not looked at yet.</param>
    /// <returns>Bytes, to be relayed as they are.</returns>
    public static int TakeReplies(Session session, BackendLink link, ReadOnlySpan<byte> input)
    {
        Pipeline pipeline = session.Pipeline;
        ConnectionState state = session.State;
        if (!link.Scanner.IsAtBoundary || link.IsRejecting || link.IsRaw || pipeline.IsRaw || pipeline.HasSilence
            || state.IsSubscribed || state.Transaction.IsOpen)
        {
            return 0;
        }

        RequestQueue inFlight = link.InFlight;
        int taken = 0;
        int replies = 0;
        while (taken < input.Length && replies < inFlight.Count && inFlight[replies].IsPlain
            && WholeFrames.TryTakeReply(input[taken..], out int bytes))
        {
            taken += bytes;
            replies++;
        }

        if (replies > 0)
        {
            link.HasReplied = true;
            session.Counters.Requests += replies;
            pipeline.Buffer.ReleaseTo(inFlight[replies - 1].End);
            inFlight.RemoveOldest(replies);
        }

        return taken;
    }
}
