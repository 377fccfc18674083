namespace RedisProxy.Topology;

/// <summary>
/// Until when what the views say may be acted upon. A view is news of the past: the loops may send writes and believe acknowledgements only
/// as long as it is certain that no replica has been promoted meanwhile. The control plane renews the lease with the moment as of
/// which every Sentinel was heard; the loops compare that with their clock. Whatever holds up this process or one of its threads
/// (SIGSTOP, a paused machine, a throttled container, a starved thread pool) lets the lease run out, and none has to be noticed by itself.
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

    private long _asOf = time.GetTimestamp();
    private long _lapses;
    private bool _isFirst = true;

    /// <summary>A timestamp of the clock that both planes go by: nothing that was published before it is unknown to the loops.</summary>
    public long AsOf => Volatile.Read(ref _asOf);

    /// <summary>How often it has run out, whether or not anybody wanted to send something.</summary>
    public long Lapses => Interlocked.Read(ref _lapses);

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
        if (_isFirst || lapsed <= TimeSpan.Zero)
        {
            // At the start it has not run yet.
            _isFirst = false;
            return TimeSpan.Zero;
        }

        Interlocked.Increment(ref _lapses);
        return lapsed;
    }
}
