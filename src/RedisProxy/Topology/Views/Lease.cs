namespace RedisProxy.Topology;

/// <summary>
/// Until when what the views say may be acted upon. A view is news of the past: the loops may send writes and believe acknowledgements only
/// as long as it is certain that no replica has been promoted meanwhile. The control plane renews the lease with the moment as of
/// which every Sentinel was heard; the loops compare that with their clock. Whatever holds up this process or one of its threads
/// (SIGSTOP, a paused machine, a throttled container, a starved thread pool) lets the lease run out, and none has to be noticed by itself.
/// <para>
/// While no loop needs it, it rests: Sentinels are not asked, and it runs out without a word. Who needs it then gets it back as soon as all
/// have answered.
/// </para>
/// <para>
/// One writer at a time, any number of readers. It is renewed behind the views: who sees a renewal and has then applied all that was
/// posted to it knows what was known at the time of the renewal.
/// </para>
/// </summary>
internal sealed class Lease(TimeProvider time)
{
    /// <summary>
    /// From the moment as of which every Sentinel was heard. A Sentinel publishes that it looks for a replica two of its periods before it
    /// promotes one (<see cref="SentinelEvent.IsReplicaSought"/>), and such a period lasts 52 to 100 ms: so long nothing can be lost.
    /// </summary>
    public static readonly TimeSpan Term = TimeSpan.FromMilliseconds(100);

    /// <summary>How often every Sentinel is asked whether it is there.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(40);

    /// <summary>A proxy whose clients have been quiet for so long asks nobody 25 times a second.</summary>
    public static readonly TimeSpan RestsAfter = TimeSpan.FromSeconds(10);

    private long _asOf = time.GetTimestamp();
    private long _neededAt = time.GetTimestamp();
    private long _lapses;
    private int _isResting;

    // At the start it has not run yet, and a rest is no lapse.
    private volatile bool _isUncounted = true;

    /// <summary>A timestamp of the clock that both planes go by: nothing that was published before it is unknown to the loops.</summary>
    public long AsOf => Volatile.Read(ref _asOf);

    /// <summary>How often it has run out, whether or not anybody wanted to send something.</summary>
    public long Lapses => Interlocked.Read(ref _lapses);

    /// <summary>It is not renewed for the loops now.</summary>
    public bool IsResting => Volatile.Read(ref _isResting) != 0;

    /// <summary>Set once, before the start: called when somebody needs it after a rest. On their thread, so it must not block.</summary>
    public Action OnNeeded { get; set; } = static () => { };

    /// <summary>Something is to be sent, or was received, and it must run. Any thread.</summary>
    public void Need()
    {
        Volatile.Write(ref _neededAt, time.GetTimestamp());
        if (IsResting && Interlocked.Exchange(ref _isResting, 0) != 0)
        {
            _isUncounted = true;
            OnNeeded();
        }
    }

    /// <summary>To be asked before each question to the Sentinels.</summary>
    /// <returns>True: it rests, until it is needed.</returns>
    public bool TryRest()
    {
        if (time.GetElapsedTime(Volatile.Read(ref _neededAt)) < RestsAfter)
        {
            return false;
        }

        // In this order: who needs it just now sees that it rests, or is seen here.
        Interlocked.Exchange(ref _isResting, 1);
        if (time.GetElapsedTime(Volatile.Read(ref _neededAt)) < RestsAfter)
        {
            Interlocked.Exchange(ref _isResting, 0);
        }

        return IsResting;
    }

    /// <param name="asOf">An older one than that of today changes nothing.</param>
    /// <returns>For how long it had run out; zero when it had not.</returns>
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
