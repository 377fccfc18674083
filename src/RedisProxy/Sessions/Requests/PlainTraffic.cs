using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// The short paths for common traffic: requests that change nothing and can go at once, and complete replies to them. Everything else is
/// left to the long paths (<see cref="RequestIntake"/>, <see cref="Pipeline.Enqueue"/>, <see cref="ReplyReader"/>), which have the same
/// effect on common traffic. This halves the time that the proxy, without the kernel, spends on a pipelined request.
/// </summary>
internal static class PlainTraffic
{
    /// <summary>
    /// Moves complete requests that need no inspection into the link's ledger, if they may go and nothing is before them.
    /// </summary>
    /// <param name="session">Of the client.</param>
    /// <param name="scanner">At a boundary.</param>
    /// <param name="input">Received bytes, from that boundary on.</param>
    /// <param name="start">Offset in the client's stream of the first request, including what was skipped before it.</param>
    /// <param name="inputStart">Offset of the input.</param>
    /// <param name="waitsSinceMs">When their wait began.</param>
    /// <returns>Bytes taken from the input.</returns>
    public static int TakeRequests(
        Conversation session, ref RequestScanner scanner, ReadOnlySpan<byte> input, long start, long inputStart, long waitsSinceMs)
    {
        Pipeline pipeline = session.Pipeline;
        if (session.Link is not { Expected: null } link || !pipeline.Waiting.IsEmpty || pipeline.Ahead.IsCompletedLocally
            || pipeline.HasInterrupted || session.Gate.HoldsPops || !pipeline.CanDispatch(link, start, traits: default))
        {
            return 0;
        }

        RequestQueue inFlight = link.InFlight;
        int taken = 0;
        long end = start;
        uint nowUs = (uint)session.Loop.NowUs;
        CommandFlags common = BackendLink.AllFlags;
        while (taken < input.Length && scanner.TryTakeWhole(input[taken..], out int bytes, out CommandTraits traits)
            && traits.Kind == CommandKind.Plain && link.Carries(traits, bytes))
        {
            taken += bytes;
            ref PendingRequest request = ref inFlight.AddNewest();
            request.Start = end;
            request.End = end = inputStart + taken;
            request.WaitsSinceMs = waitsSinceMs;
            request.DispatchedUs = nowUs;
            request.Traits = traits;
            request.Outcome = Outcome.Forward;
            request.Rejection = Outcome.Forward;
            request.HasWaited = false;
            request.IsCountedAsHeld = false;
            request.HasChange = false;
            request.ChangesState = false;
            request.FollowsNoOp = false;
            request.Losses = 0;
            request.More = 0;
            request.IsAnswered = false;
            common &= traits.Flags;
        }

        if (taken > 0)
        {
            link.SentTo = link.HasUnsent ? link.SentTo : start;
            link.SendEnd = end;
            link.HasWritten |= (common & CommandFlags.Resendable) == 0;
            link.HasUnknown |= (common & CommandFlags.LeavesNothing) == 0;
            link.Common &= common;
        }

        return taken;
    }

    /// <summary>Takes complete replies to plain requests.</summary>
    /// <param name="session">Of the link.</param>
    /// <param name="link">Between two replies.</param>
    /// <param name="input">Received and not scanned yet.</param>
    /// <param name="areConfirmed">Replies to writes need not wait for replicas.</param>
    /// <returns>Bytes, to be relayed unchanged.</returns>
    public static int TakeReplies(Conversation session, BackendLink link, ReadOnlySpan<byte> input, bool areConfirmed)
    {
        Pipeline pipeline = session.Pipeline;
        ConnectionState state = session.State;
        if (!link.Scanner.IsAtBoundary || link.IsRejecting || link.IsRaw || pipeline.IsRaw || !state.Replies.IsOn
            || state.IsSubscribed || state.Transaction.IsOpen)
        {
            return 0;
        }

        RequestQueue inFlight = link.InFlight;
        int taken = 0;
        int replies = 0;
        while (taken < input.Length && replies < inFlight.Count && inFlight[replies].IsPlain
            && (areConfirmed || inFlight[replies].Traits.IsResendable) && WholeFrames.TryTakeReply(input[taken..], out int bytes))
        {
            taken += bytes;
            replies++;
        }

        if (replies > 0 && inFlight[replies - 1].End > link.SentTo)
        {
            // Some of them answer requests that were not sent.
            return 0;
        }

        if (replies > 0)
        {
            link.HasReplied = true;
            RequestTiming.OnAnswered(session, inFlight, replies, input[..taken]);
            pipeline.Buffer.ReleaseTo(inFlight[replies - 1].End);
            inFlight.RemoveOldest(replies);
        }

        return taken;
    }
}
