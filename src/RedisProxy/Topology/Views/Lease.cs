namespace RedisProxy.Topology;

/// <summary>
/// How long the views may be acted upon. A view describes the past: the loops may send writes and trust acknowledgements only as long as
/// it is certain that no replica has been promoted meanwhile. The control plane renews the lease with the moment as of which every
/// Sentinel has answered; the loops compare that with their clock. Whatever stalls this process or one of its threads (SIGSTOP, a paused
/// machine, a throttled container, a starved thread pool) lets the lease expire; no stall needs to be detected by itself.
/// <para>
/// While no loop needs it, it rests: Sentinels are not pinged, and it expires silently. A loop that needs it then gets it back as soon as
/// all of them have answered.
/// </para>
/// <para>
/// One writer at a time, any number of readers. It is renewed after the views are posted: a reader that sees a renewal and then
/// applies everything posted to it knows what was known at the renewal.
/// </para>
/// </summary>
internal sealed class Lease(TimeProvider time)
{
    /// <summary>
    /// From the moment as of which every Sentinel has answered. A Sentinel announces that it looks for a replica two of its periods
    /// before it promotes one (<see cref="SentinelEvent.IsReplicaSought"/>), and a period lasts 52 to 100 ms: nothing can be lost for
    /// that long.
    /// </summary>
    public static readonly TimeSpan Term = TimeSpan.FromMilliseconds(100);

    /// <summary>How often every Sentinel is pinged.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(40);

    /// <summary>A proxy whose clients have been quiet for this long does not ping Sentinels 25 times a second.</summary>
    public static readonly TimeSpan RestsAfter = TimeSpan.FromSeconds(10);

    private long _asOf = time.GetTimestamp();
    private long _neededAt = time.GetTimestamp();
    private long _lapses;
    private int _isResting;

    // At startup it has not begun yet, and a rest is no lapse.
    private volatile bool _isUncounted = true;

    /// <summary>A timestamp of the clock that both planes use: the loops know everything that was published before it.</summary>
    public long AsOf => Volatile.Read(ref _asOf);

    /// <summary>How often it has expired, whether or not there was anything to send.</summary>
    public long Lapses => Interlocked.Read(ref _lapses);

    /// <summary>It is not being renewed for the loops now.</summary>
    public bool IsResting => Volatile.Read(ref _isResting) != 0;

    /// <summary>Set once, before the start: called when a loop needs it after a rest. On that thread, so it must not block.</summary>
    public Action OnNeeded { get; set; } = static () => { };

    /// <summary>There is something to send, or a reply was received, so it must be renewed. Any thread.</summary>
    public void Need()
    {
        Volatile.Write(ref _neededAt, time.GetTimestamp());
        if (IsResting && Interlocked.Exchange(ref _isResting, 0) != 0)
        {
            _isUncounted = true;
            OnNeeded();
        }
    }

    /// <summary>To be called before each question to the Sentinels.</summary>
    /// <returns>True: it rests, until it is needed.</returns>
    public bool TryRest()
    {
        if (time.GetElapsedTime(Volatile.Read(ref _neededAt)) < RestsAfter)
        {
            return false;
        }

        // In this order: a thread that needs it just now either sees the rest or is seen here.
        Interlocked.Exchange(ref _isResting, 1);
        if (time.GetElapsedTime(Volatile.Read(ref _neededAt)) < RestsAfter)
        {
            Interlocked.Exchange(ref _isResting, 0);
        }

        return IsResting;
    }

    /// <param name="asOf">One older than the present one changes nothing.</param>
    /// <returns>How long it had been expired; zero when it had not.</returns>
    public TimeSpan Renew(long asOf)
    {
        long before = AsOf;
        while (asOf > before)
        {
            long seen = Interlocked.CompareExchange(ref _asOf, asOf, before);
            if (seen == before)
            {
                return CountLapse(time.GetElapsedTime(before) - Term);
            }

            before = seen;
        }

        return TimeSpan.Zero;
    }

    private TimeSpan CountLapse(TimeSpan lapsed)
    {
        if (IsResting || _isUncounted || lapsed <= TimeSpan.Zero)
        {
            _isUncounted = false;
            return TimeSpan.Zero;
        }

        Interlocked.Increment(ref _lapses);
        return lapsed;
    }
}
