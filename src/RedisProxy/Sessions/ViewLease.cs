using System.Runtime.CompilerServices;

using RedisProxy.EventLoops;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// One gate's side of the <see cref="Lease"/>: may the view be acted upon at this moment? If not, nothing is sent to the master, and
/// replies are trusted only if they reached this machine before the lease ran out. Sessions that had to wait for it are woken when it is
/// renewed. Only the loop's thread touches it.
/// <para>
/// Two clocks: the iteration's, for checks that are frequent within an iteration; and, before each send and after each receive, a fresh
/// reading, because the process may be stopped in the middle of an iteration.
/// </para>
/// </summary>
internal sealed class ViewLease
{
    /// <summary>Precision of the kernel's time of receipt: ticks of up to 10 ms.</summary>
    private const int ReceivedGranularityMs = 10;

    /// <summary>Nothing is sent this shortly before the lease runs out, so that it can still be answered in time.</summary>
    private const int AnswerMs = 20;

    private static readonly long TermMs = (long)Lease.Term.TotalMilliseconds;

    private readonly EventLoop _loop;
    private readonly Lease? _lease;
    private readonly HashSet<ILeaseWaiter> _waiting = [];
    private readonly LoopTimer _recheck;
    private long _asOf;
    private long _untilMs;
    private long _sendUntilMs;
    private long _trustedUntilMs = long.MinValue;

    /// <param name="loop">The gate's.</param>
    /// <param name="lease">Null: no other party knows of the master, so it never runs out.</param>
    public ViewLease(EventLoop loop, Lease? lease)
    {
        _loop = loop;
        _lease = lease;
        _untilMs = _sendUntilMs = lease is null ? long.MaxValue : long.MinValue;
        _recheck = new LoopTimer(static self => ((ViewLease)self).Recheck(), this);
    }

    /// <summary>May something be sent, as of this iteration?</summary>
    public bool Runs
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _loop.NowMs <= _sendUntilMs || TryRenew(_loop.NowMs + AnswerMs);
    }

    /// <summary>May something be sent now? If not, it is woken when it may.</summary>
    /// <param name="waiter">Wants to send.</param>
    /// <param name="isThere">There is something to send.</param>
    public bool MaySend(ILeaseWaiter waiter, bool isThere)
    {
        if (!isThere || RunsFor(AnswerMs))
        {
            return true;
        }

        Await(waiter);
        return false;
    }

    /// <summary>May what was just received from the link be trusted? If not, its session is woken when that is known.</summary>
    public bool Trusts(ILeaseWaiter session, BackendLink link)
    {
        if (RunsFor(0) || CameBefore(link, _untilMs))
        {
            return true;
        }

        Await(session);
        return false;
    }

    /// <summary>
    /// A view has arrived that does not open the gate: bytes that had reached this machine by then are still trusted, as they would have
    /// been had this loop read them in time.
    /// </summary>
    /// <param name="asOf">The lease's moment when that view was created; null without a lease.</param>
    public void Doubt(long? asOf) => _trustedUntilMs = asOf is { } at ? _loop.ToMs(at) + TermMs : long.MinValue;

    /// <summary>Did the last bytes received on the link reach this machine before the master became doubtful?</summary>
    public bool CameBeforeDoubt(BackendLink link) => CameBefore(link, _trustedUntilMs);

    /// <summary>By a fresh clock reading, and for a time to come.</summary>
    private bool RunsFor(int ms)
    {
        if (_lease is null)
        {
            return true;
        }

        long atMs = _loop.ReadClockMs() + ms;
        return atMs <= _untilMs || TryRenew(atMs);
    }

    // The lease is read before the queue: a view posted before the renewal then shows in the queue, and is applied first.
    private bool TryRenew(long atMs)
    {
        _lease!.Need();
        long asOf = _lease.AsOf;
        if (asOf != _asOf && !_loop.HasPosted)
        {
            _asOf = asOf;
            _untilMs = _loop.ToMs(asOf) + TermMs;
            _sendUntilMs = _untilMs - AnswerMs;
        }

        return atMs <= _untilMs;
    }

    private bool CameBefore(BackendLink link, long atMs) =>
        _loop.ReadClockMs() - link.MsSinceReceived() + ReceivedGranularityMs <= atMs;

    private void Await(ILeaseWaiter waiter)
    {
        _waiting.Add(waiter);
        if (!_recheck.IsArmed)
        {
            _loop.Timers.Arm(_recheck, _loop.NowMs + TimerWheel.TickMs);
        }
    }

    private void Recheck()
    {
        if (!Runs)
        {
            _loop.Timers.Arm(_recheck, _loop.NowMs + TimerWheel.TickMs);
            return;
        }

        foreach (ILeaseWaiter waiter in _waiting)
        {
            waiter.WakeRequests();
            waiter.WakeReplies();
        }

        _waiting.Clear();
    }
}
