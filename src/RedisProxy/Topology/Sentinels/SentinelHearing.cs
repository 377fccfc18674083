using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// As of when every Sentinel was heard: the earliest of what the single ones were heard as of. A Sentinel that stops answering is waited
/// for only so long, and not again before it has answered: a frozen one costs one short wait. That time is counted in beats of the
/// control plane, not by a clock: after a time in which this process was held up, answers lie unread in its sockets.
/// <para>Pure: no IO, no timer. Used from the inbox of the <see cref="SentinelSet"/> only.</para>
/// </summary>
/// <param name="lease">Says whether anybody needs it.</param>
/// <param name="time">The clock of the lease.</param>
/// <param name="renew">Gets each new moment; they only grow.</param>
/// <param name="logger">Gets who is not waited for.</param>
internal sealed class SentinelHearing(Lease lease, TimeProvider time, Action<long> renew, ILogger logger)
{
    /// <summary>About half a second.</summary>
    public const int MaxSilentBeats = 12;

    // The next step of a failover comes within one period of the Sentinel, 100 ms at most.
    private const int BeatsOfOneStep = 4;

    private readonly Dictionary<HostEndpoint, Ear> _ears = [];
    private long _asOf = time.GetTimestamp();
    private int _pausedBeats;

    /// <summary>It has answered, and before that answer it had said all that it had to say.</summary>
    /// <param name="sentinel">Who.</param>
    /// <param name="asOf">When it was asked.</param>
    /// <param name="isFar">Its answers take too long to be waited for (<see cref="SentinelDistance"/>).</param>
    public void OnHeard(HostEndpoint sentinel, long asOf, bool isFar = false)
    {
        if (!_ears.TryGetValue(sentinel, out Ear? ear))
        {
            _ears[sentinel] = ear = new Ear { AsOf = asOf };
        }

        // The belated answer of one that was given up says nothing of now; it is asked again at once.
        ear.IsWaitedFor = !isFar && (ear.IsWaitedFor || IsRecent(asOf));
        ear.SilentBeats = 0;
        ear.AsOf = Math.Max(ear.AsOf, asOf);
        Conclude();
    }

    /// <summary>
    /// Its connection has ended. One that was heard just now is gone, and had said what it had to say. Else it may be us who closed the
    /// connection after a time in which nobody here read from it: it has its time to be heard over another one.
    /// </summary>
    public void OnLost(HostEndpoint sentinel)
    {
        if (_ears.TryGetValue(sentinel, out Ear? ear) && IsRecent(ear.AsOf))
        {
            ear.IsWaitedFor = false;
            Conclude();
        }
    }

    /// <summary>It is not known any more, or is heard under another address.</summary>
    public void Forget(HostEndpoint sentinel)
    {
        _ears.Remove(sentinel);
        Conclude();
    }

    /// <summary>
    /// An event about a watched master, which its monitor was told before. Who looks for a replica says so once more before it promotes
    /// one: until then nobody counts as heard as of a later moment.
    /// </summary>
    public void OnEvent(SentinelEvent news) =>
        _pausedBeats = news.IsReplicaSought ? BeatsOfOneStep : news.IsPromotionBegun || news.IsFailoverAborted ? 0 : _pausedBeats;

    /// <returns>When to call it again; null: when the lease is needed.</returns>
    public TimeSpan? OnBeat()
    {
        if (lease.TryRest())
        {
            return null;
        }

        _pausedBeats = Math.Max(0, _pausedBeats - 1);
        foreach ((HostEndpoint sentinel, Ear ear) in _ears)
        {
            if (ear.IsWaitedFor && ++ear.SilentBeats > MaxSilentBeats)
            {
                ear.IsWaitedFor = false;
                SentinelLog.SentinelNotWaitedFor(logger, sentinel);
            }
        }

        Conclude();
        return Lease.Beat;
    }

    private bool IsRecent(long asOf) => time.GetElapsedTime(asOf) <= Lease.Term;

    // With nobody to ask, nobody can know better.
    private void Conclude()
    {
        if (_pausedBeats > 0)
        {
            return;
        }

        long asOf = long.MaxValue;
        foreach (Ear ear in _ears.Values)
        {
            asOf = ear.IsWaitedFor ? Math.Min(asOf, ear.AsOf) : asOf;
        }

        asOf = asOf == long.MaxValue ? time.GetTimestamp() : asOf;
        if (asOf > _asOf)
        {
            _asOf = asOf;
            renew(asOf);
        }
    }

    private sealed class Ear
    {
        public long AsOf { get; set; }

        public bool IsWaitedFor { get; set; }

        public int SilentBeats { get; set; }
    }
}
