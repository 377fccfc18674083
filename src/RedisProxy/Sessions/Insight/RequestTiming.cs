using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Measures requests by the time that the loop reads once for each of its turns: no clock is read for a request, and none is measured
/// more finely than a turn. Of a session's replies in one turn only the oldest counts, so a pipeline costs no more than a single request.
/// </summary>
internal static class RequestTiming
{
    // The low bits of a clock say nothing about longer times.
    private const long MaxUs = 1L << 31;
    private const long UsPerMs = 1000;

    /// <summary>A backend has answered.</summary>
    /// <param name="session">Whose requests they are.</param>
    /// <param name="inFlight">Begins with them.</param>
    /// <param name="replies">How many were read together, at least one.</param>
    /// <param name="bytes">The replies, or the end of one that was relayed in parts.</param>
    public static void OnAnswered(Conversation session, RequestQueue inFlight, int replies, ReadOnlySpan<byte> bytes)
    {
        ref PendingRequest oldest = ref inFlight.Oldest;
        session.Counters.Requests += replies;
        if (oldest.More > 0 || session.MeasuredIn == session.Loop.Iteration)
        {
            // Similar requests have its entry, which knows the time of the last one of them; or one was measured in this turn.
            return;
        }

        session.MeasuredIn = session.Loop.Iteration;
        long us = unchecked((uint)session.Loop.NowUs - oldest.DispatchedUs);
        long ms = session.Loop.NowMs - oldest.WaitsSinceMs;
        us = ms < MaxUs / UsPerMs ? us : ms * UsPerMs;
        session.Counters.Times.Of(RequestStage.Backend, RequestClasses.Of(oldest.Traits)).Add(us);
        if (us >= session.Settings.SlowRequestUs && !oldest.Traits.IsBlocking)
        {
            Keep(session, oldest, us, replies);
        }

        if (session.Counters.Keys is { } sample)
        {
            Sample(sample, session, oldest, replies, bytes);
        }
    }

    // Of a command that the server does not know either, any argument may be anything, such as the password of a misspelt AUTH.
    private static bool HasKey(in PendingRequest request, IReadOnlyList<byte[]> words) =>
        words.Count > 1 && request.Traits.Flags != CommandFlags.None
        && (RequestClasses.Of(request.Traits) is RequestClass.Read or RequestClass.Write)
        && RequestArguments.Upper(words[0]) is not ("PING" or "ECHO");

    private static void Sample(KeySample sample, Conversation session, in PendingRequest request, int replies, ReadOnlySpan<byte> bytes)
    {
        IReadOnlyList<byte[]> words = RequestArguments.ReadFirst(session.Pipeline.BytesOf(request), count: 2);
        if (HasKey(request, words))
        {
            long before = session.Link?.RelayedOfReply ?? 0;
            long reply = replies > 1 && WholeFrames.TryTakeReply(bytes, out int first) ? first : before + bytes.Length;
            sample.Add(words[1], Math.Max(request.End - request.Start, reply));
        }
    }

    private static void Keep(Conversation session, in PendingRequest request, long us, int replies)
    {
        IReadOnlyList<byte[]> words = RequestArguments.ReadFirst(session.Pipeline.BytesOf(request), count: 2);
        session.Counters.Slow.Add(new SlowRequest(
            session.Loop.NowMs,
            us,
            session.Id,
            session.PeerAddress?.ToString() ?? "unix",
            SlowRequest.TextOf(session.State.Identity.Name ?? []),
            session.State.Database,
            words.Count > 0 ? SlowRequest.TextOf(words[0]).ToUpperInvariant() : "",
            HasKey(request, words) ? SlowRequest.TextOf(words[1]) : null,
            request.IsOpen || words.Count == 0 ? 0 : request.End - request.Start,
            replies));
    }
}
