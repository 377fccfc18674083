using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>Which requests may go on a connection that other clients share.</summary>
internal static class ShareableRequests
{
    /// <summary>Larger requests do not: while one is sent or answered, the others wait.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Most requests of one session that are sent on it and not answered.</summary>
    public const int MaxRequests = 128;

    /// <summary>May the requests from this one on go as they are, on a shared link of the session's identity?</summary>
    /// <param name="waiting">The queue.</param>
    /// <param name="first">Index of the oldest of them that is to go to a server.</param>
    /// <param name="last">Index of the last one that goes with it: a transaction goes whole.</param>
    public static bool Are(RequestQueue waiting, int first, out int last)
    {
        last = first;
        ref PendingRequest request = ref waiting[first];
        if (request.Traits.Kind != CommandKind.Multi)
        {
            return IsPlain(request);
        }

        if (!IsWhole(request))
        {
            return false;
        }

        for (last = first + 1; last < waiting.Count && last - first < MaxRequests; last++)
        {
            ref PendingRequest queued = ref waiting[last];
            bool isEnd = queued.Traits.Kind is CommandKind.Exec or CommandKind.Discard;
            if (queued.End - request.Start > MaxBytes || queued.IsProxyReply || !(isEnd ? IsWhole(queued) : IsPlain(queued)))
            {
                return false;
            }

            if (isEnd)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A shared link takes plain requests at once; what else it may take is found among the waiting ones.</summary>
    public static bool GoesAtOnce(BackendLink link, in PendingRequest request, StateChange? change) =>
        change is null && link.Expected is null && !request.IsOpen && !request.FollowsNoOp
        && link.Carries(request.Traits, request.End - request.Start);

    /// <summary>May the oldest waiting request go on a shared link now?</summary>
    /// <param name="waiting">The queue.</param>
    /// <param name="changes">Of the session; the first belongs to the first of these requests that has one.</param>
    /// <param name="link">The shared one.</param>
    /// <param name="gate">Of the session.</param>
    /// <param name="together">How many of them belong to a transaction that has begun to go; afterwards without this one.</param>
    public static bool MayGo(RequestQueue waiting, ChangeQueue changes, BackendLink link, Gate gate, ref int together)
    {
        if (together > 0)
        {
            together--;
            return true;
        }

        if (Are(waiting, 0, out int last))
        {
            // All of a transaction may go, or none of it. While the session has not taken on the link's identity, nothing else may.
            together = last;
            return link.Expected is null && (last == 0 || gate.AllowsAll);
        }

        if (!link.InFlight.IsEmpty || !waiting.Oldest.HasChange || link.Expected != changes.Oldest)
        {
            return false;
        }

        // The session's identity will be the link's, if the server agrees. Until it has answered, nothing follows.
        link.IsLeaving = true;
        return true;
    }

    private static bool IsPlain(in PendingRequest request) =>
        !request.HasChange && (request.Traits.Flags & CommandFlags.Shareable) != 0 && IsWhole(request);

    /// <summary>It has arrived as a whole, begins where the one before it ended, and is not too large.</summary>
    public static bool IsWhole(in PendingRequest request) =>
        !request.IsOpen && !request.FollowsNoOp && request.End - request.Start <= MaxBytes;
}
