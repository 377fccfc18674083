using Microsoft.Extensions.Logging;

using RedisProxy.Configuration;

namespace RedisProxy.Topology;

/// <summary>
/// The moment as of which every Sentinel has answered: the earliest over the single ones. A Sentinel that stops answering is waited for
/// only briefly, and not again before it has answered: a frozen one costs one short wait. That wait is counted in beats of the control
/// plane, not by a clock: after this process was stalled, answers lie unread in its sockets.
/// <para>Pure: no IO, no timer. Used from the inbox of the <see cref="SentinelSet"/> only.</para>
/// </summary>
/// <param name="lease">Knows whether any loop needs it.</param>
/// <param name="time">The clock of the lease.</param>
/// <param name="renew">Receives each new moment; they only increase.</param>
/// <param name="logger">Receives the Sentinels that are no longer waited for.</param>
internal sealed class SentinelHearing(Lease lease, TimeProvider time, Action<long> renew, ILogger logger)
{
    /// <summary>About half a second.</summary>
    public const int MaxSilentBeats = 12;

    // The next step of a failover follows within one period of the Sentinel, 100 ms at most.
    private const int BeatsOfOneStep = 4;

    private readonly Dictionary<HostEndpoint, Ear> _ears = [];
    private long _asOf = time.GetTimestamp();
    private int _pausedBeats;

    /// <summary>It has answered, and everything it published before that answer has arrived.</summary>
    /// <param name="asOf">When it was asked.</param>
    /// <param name="isFar">Its answers take too long to be waited for (<see cref="SentinelDistance"/>).</param>
    public void OnHeard(HostEndpoint sentinel, long asOf, bool isFar = false)
    {
        if (!_ears.TryGetValue(sentinel, out Ear? ear))
        {
            _ears[sentinel] = ear = new Ear { AsOf = asOf };
        }

        // A belated answer of a Sentinel no longer waited for says nothing about the present; it is asked again at once.
        ear.IsWaitedFor = !isFar && (ear.IsWaitedFor || IsRecent(asOf));
        ear.SilentBeats = 0;
        ear.AsOf = Math.Max(ear.AsOf, asOf);
        Conclude();
    }

    /// <summary>
    /// Its connection has ended. If it answered just now, it is really gone, and nothing it published is missing. Otherwise the proxy
    /// itself may have closed a connection that it had not read from while stalled: the Sentinel gets time to answer over another one.
    /// </summary>
    public void OnLost(HostEndpoint sentinel)
    {
        if (_ears.TryGetValue(sentinel, out Ear? ear) && IsRecent(ear.AsOf))
        {
            ear.IsWaitedFor = false;
            Conclude();
        }
    }

    /// <summary>It is no longer known, or is reached under another address.</summary>
    public void Forget(HostEndpoint sentinel)
    {
        _ears.Remove(sentinel);
        Conclude();
    }

    /// <summary>
    /// An event about a watched master, which its monitor has already received. A leader that looks for a replica publishes once more
    /// before it promotes one: until then no Sentinel counts as heard at a later moment.
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

    // With no Sentinel to ask, nothing newer can be known.
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
