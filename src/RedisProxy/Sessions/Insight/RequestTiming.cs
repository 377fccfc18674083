using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// Measures requests by the time that the loop reads once for each of its turns: no clock is read for a request, and none is measured
/// more finely than a turn. Of replies that are read together only the oldest counts, so a pipeline costs no more than a single request.
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
    public static void OnAnswered(Conversation session, RequestQueue inFlight, int replies)
    {
        ref PendingRequest oldest = ref inFlight.Oldest;
        session.Counters.Requests += replies;
        long us = unchecked((uint)session.Loop.NowUs - oldest.DispatchedUs);
        long ms = session.Loop.NowMs - oldest.WaitsSinceMs;
        us = ms < MaxUs / UsPerMs ? us : ms * UsPerMs;
        session.Counters.Times.Of(RequestStage.Backend, RequestClasses.Of(oldest.Traits)).Add(us);
        if (us >= session.Settings.SlowRequestUs && !oldest.Traits.IsBlocking)
        {
            Keep(session, oldest, us, replies);
        }
    }

    private static void Keep(Conversation session, in PendingRequest request, long us, int replies)
    {
        IReadOnlyList<byte[]> words = RequestArguments.ReadFirst(session.Pipeline.BytesOf(request), count: 2);
        bool mayShowKey = RequestClasses.Of(request.Traits) is RequestClass.Read or RequestClass.Write;
        session.Counters.Slow.Add(new SlowRequest(
            session.Loop.NowMs,
            us,
            session.Id,
            session.PeerAddress?.ToString() ?? "unix",
            SlowRequest.TextOf(session.State.Identity.Name ?? []),
            session.State.Database,
            words.Count > 0 ? SlowRequest.TextOf(words[0]).ToUpperInvariant() : "",
            words.Count > 1 && mayShowKey ? SlowRequest.TextOf(words[1]) : null,
            request.IsOpen ? 0 : request.End - request.Start,
            replies));
    }
}
