using System.Runtime.CompilerServices;

using RedisProxy.EventLoops;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// One gate's side of the <see cref="Lease"/>: may what the view says be acted upon at this moment? When it may not, nothing is sent to the
/// master, and of what it says only that is believed which had reached this machine before the lease ran out. Sessions that were kept from
/// something are woken when it is renewed. Only the loop's thread touches it.
/// <para>
/// Two clocks tell: that of the turn, for what is decided many times in a turn, and, before each send and after each receive, that of the
/// moment, because a process may be stopped in the middle of a turn.
/// </para>
/// </summary>
internal sealed class ViewLease
{
    /// <summary>How exactly the kernel says when it received something: ticks of up to 10 ms.</summary>
    private const int ReceivedGranularityMs = 10;

    /// <summary>Nothing is sent so shortly before the lease runs out, so that what was sent can still be answered in time.</summary>
    private const int AnswerMs = 20;

    private static readonly long TermMs = (long)Lease.Term.TotalMilliseconds;

    private readonly EventLoop _loop;
    private readonly Lease? _lease;
    private readonly HashSet<ISessionParts> _waiting = [];
    private readonly LoopTimer _lookAgain;
    private long _asOf;
    private long _untilMs;
    private long _sendUntilMs;
    private long _believedUntilMs = long.MinValue;

    /// <param name="loop">The gate's.</param>
    /// <param name="lease">Null: nobody else knows of the master, so it never runs out.</param>
    public ViewLease(EventLoop loop, Lease? lease)
    {
        _loop = loop;
        _lease = lease;
        _untilMs = _sendUntilMs = lease is null ? long.MaxValue : long.MinValue;
        _lookAgain = new LoopTimer(static self => ((ViewLease)self).LookAgain(), this);
    }

    /// <summary>May something be sent, as of this turn?</summary>
    public bool Runs
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _loop.NowMs <= _sendUntilMs || TryRenew(_loop.NowMs + AnswerMs);
    }

    /// <summary>May something be sent now? If not, whoever has it is woken when it may.</summary>
    /// <param name="parts">Whose it is.</param>
    /// <param name="isThere">There is something to be sent.</param>
    public bool MaySend(ISessionParts parts, bool isThere)
    {
        if (!isThere || RunsFor(AnswerMs))
        {
            return true;
        }

        Await(parts);
        return false;
    }

    /// <summary>May what was just received from the link be believed? If not, whoever has it is woken when that can be said.</summary>
    public bool Believes(ISessionParts parts, BackendLink link)
    {
        if (RunsFor(0) || CameBefore(link, _untilMs))
        {
            return true;
        }

        Await(parts);
        return false;
    }

    /// <summary>
    /// A view that opens no way has come: what had reached this machine by then is still believed, as it would have been if this loop had
    /// looked in time.
    /// </summary>
    /// <param name="asOf">The lease's, when that view was made; null without one.</param>
    public void Doubt(long? asOf) => _believedUntilMs = asOf is { } at ? _loop.ToMs(at) + TermMs : long.MinValue;

    /// <summary>Had what the link has received last reached this machine before the master was doubted?</summary>
    public bool CameBeforeDoubt(BackendLink link) => CameBefore(link, _believedUntilMs);

    /// <summary>By the clock of the moment, and for a time to come.</summary>
    private bool RunsFor(int ms)
    {
        if (_lease is null)
        {
            return true;
        }

        long atMs = _loop.ReadClockMs() + ms;
        return atMs <= _untilMs || TryRenew(atMs);
    }

    // The lease is looked at before the queue: a view that was posted before the renewal is seen in it, and is to be applied first.
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
        _loop.ReadClockMs() - link.Socket.MsSinceReceived() + ReceivedGranularityMs <= atMs;

    private void Await(ISessionParts parts)
    {
        _waiting.Add(parts);
        if (!_lookAgain.IsArmed)
        {
            _loop.Timers.Arm(_lookAgain, _loop.NowMs + TimerWheel.TickMs);
        }
    }

    private void LookAgain()
    {
        if (!Runs)
        {
            _loop.Timers.Arm(_lookAgain, _loop.NowMs + TimerWheel.TickMs);
            return;
        }

        foreach (ISessionParts parts in _waiting)
        {
            parts.WakeRequests();
            parts.WakeReplies();
        }

        _waiting.Clear();
    }
}
