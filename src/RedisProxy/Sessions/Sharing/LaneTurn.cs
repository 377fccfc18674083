using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// How much of what a lane has to send goes in one turn: whole requests, so many that the others need not wait long, and of a
/// transaction all or nothing, so that nobody comes between.
/// </summary>
internal static class LaneTurn
{
    /// <summary>Unless a single request or transaction is larger.</summary>
    private const int MaxBytes = 16 * 1024;

    /// <param name="lane">Has something to send, from the beginning of a request on.</param>
    /// <param name="owed">Replies that it is owed already.</param>
    public static (int Bytes, int Replies) Of(BackendLink lane, int owed)
    {
        RequestQueue inFlight = lane.InFlight;
        int bytes = 0;
        int replies = 0;
        for (int i = FirstUnsent(inFlight, lane.SentTo); i < inFlight.Count && inFlight[i].End <= lane.SendEnd;)
        {
            int last = LastOfUnit(inFlight, i);
            int to = (int)(inFlight[last].End - lane.SentTo);
            int more = last - i + 1;
            if (replies > 0 && (to > MaxBytes || owed + replies + more > ShareableRequests.MaxRequests))
            {
                break;
            }

            bytes = to;
            replies += more;
            i = last + 1;
        }

        return (bytes, replies);
    }

    // Usually there is only one.
    private static int FirstUnsent(RequestQueue inFlight, long sentTo)
    {
        int low = 0;
        int high = inFlight.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (inFlight[middle].End <= sentTo)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private static int LastOfUnit(RequestQueue inFlight, int first)
    {
        int last = first;
        if (inFlight[first].Traits.Kind == CommandKind.Multi)
        {
            while (inFlight[last].Traits.Kind is not (CommandKind.Exec or CommandKind.Discard))
            {
                last++;
            }
        }

        return last;
    }
}
