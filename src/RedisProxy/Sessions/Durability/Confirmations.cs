using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// Asks the master whether its replicas have what it has executed, for all sessions of a listener on one loop. The sessions that ask in
/// one iteration have one question in common (<see cref="Confirmation"/>), and it is asked on connections of the proxy's own: a client's
/// connection would have to wait for each answer, and one question for each client would cost the master as much as the writes.
/// <para>
/// Nothing is asked of a master that is not trusted. What is not answered in time counts as too few, whatever the reason.
/// </para>
/// </summary>
internal sealed class Confirmations : IGateLinks, ILeaseWaiter
{
    // Far replicas take their time, and meanwhile further questions are asked; near ones answer so soon that it is cheaper to wait and
    // to ask for more writes at once.
    private const int MaxLinks = 16;
    private const int AskedAtOnce = 2;

    private const long RetryMs = 100;
    private const long KeepMs = 10_000;

    private readonly Gate _gate;
    private readonly SessionSettings _settings;
    private readonly Action<Verdict, long> _onDecided;
    private readonly List<ConfirmationLink> _links = [];
    private readonly List<Confirmation> _open = [];
    private readonly LoopTimer _retry;
    private readonly LoopTimer _later;
    private readonly LoopTimer _sweep;
    private Confirmation? _next;

    /// <param name="gate">Of the listener on its loop.</param>
    /// <param name="settings">Of the listener, which is durable.</param>
    /// <param name="counters">Of the listener on its loop.</param>
    public Confirmations(Gate gate, SessionSettings settings, SessionCounters counters)
    {
        _gate = gate;
        _settings = settings;
        _onDecided = (verdict, tookMs) =>
        {
            counters.Confirmations.Add(tookMs);
            if (verdict == Verdict.TooFew)
            {
                gate.OnNotConfirmed();
            }
        };
        _retry = new LoopTimer(static confirmations => ((Confirmations)confirmations).Dispatch(), this);
        _later = new LoopTimer(static confirmations => ((Confirmations)confirmations).Dispatch(), this);
        _sweep = new LoopTimer(static confirmations => ((Confirmations)confirmations).CloseUnused(), this);
        gate.Links.Add(this);
    }

    private EventLoop Loop => _gate.Loop;

    private DurableSettings Durable => _settings.Durable!;

    /// <summary>Do enough replicas have what the master has executed until now?</summary>
    /// <param name="session">Woken when that is known.</param>
    public Confirmation Ask(ISessionParts session)
    {
        if (_next is null)
        {
            _next = new Confirmation(Loop, Durable.TimeoutMs, _onDecided);
            Loop.Defer(static confirmations => ((Confirmations)confirmations!).Dispatch(), this);
        }

        _next.Add(session);
        return _next;
    }

    public void TakeArrived()
    {
    }

    public void FenceIfSuperseded()
    {
        foreach (ConfirmationLink link in _links.Where(link => !_gate.View.IsCurrent(link.Generation)).ToArray())
        {
            _links.Remove(link);
            _open.AddRange(link.Carried);
            link.Close();
        }

        // Whoever asked has lost its link as well, and what the old master says is of no use.
        _next?.Drop();
        _next = null;
        _open.ForEach(static confirmation => confirmation.Drop());
        _open.Clear();
    }

    public void WakeWaiting() => Dispatch();

    public void WakeRequests() => Dispatch();

    public void WakeReplies()
    {
    }

    private void Dispatch()
    {
        if (_next is { } next)
        {
            _open.Add(next);
            _next = null;
        }

        _open.RemoveAll(static confirmation => confirmation.Verdict != Verdict.Pending);
        if (_open.Count == 0 || !_gate.View.IsTrusted || !_gate.Lease.MaySend(this, isThere: true))
        {
            return;
        }

        if (IsTooSoon())
        {
            // An answer comes first, mostly.
            Arm(_later, TimerWheel.TickMs);
        }
        else if (_links.Find(static link => link.IsIdle) is { } idle)
        {
            Confirmation[] carried = [.. _open];
            _open.Clear();
            idle.Carry(carried);
        }
        else if (_links.Count < MaxLinks && !_links.Exists(static link => link.IsConnecting) && !_retry.IsArmed)
        {
            Open();
        }
    }

    // At most two questions are under way, and one more for each millisecond that the oldest of them has been.
    private bool IsTooSoon()
    {
        int asking = 0;
        long oldestMs = 0;
        foreach (ConfirmationLink link in _links)
        {
            if (link.Carried.Count > 0)
            {
                asking++;
                oldestMs = Math.Max(oldestMs, Loop.NowMs - link.AskedAtMs);
            }
        }

        return asking >= AskedAtOnce + oldestMs;
    }

    private void Open()
    {
        if (_gate.View.Master?.Address is { } address
            && Sockets.TryConnect(Loop, address, _settings.BackendTcp, out LoopSocket? socket, out _))
        {
            var link = new ConfirmationLink(socket, _settings, _gate.View.Generation)
            {
                OnIdle = Dispatch,
                OnEnded = OnEnded,
                OnFault = _gate.Report,
            };
            _links.Add(link);
            link.Start();
            Arm(_sweep, KeepMs);
        }
        else
        {
            Arm(_retry, RetryMs);
        }
    }

    private void OnEnded(ConfirmationLink link, IReadOnlyList<Confirmation> carried, string? refusal)
    {
        if (!_links.Remove(link))
        {
            return;
        }

        _open.AddRange(carried);
        if (refusal is not null)
        {
            _gate.OnConfirmationRefused(refusal);
        }

        Arm(_retry, RetryMs);
        Dispatch();
    }

    private void Arm(LoopTimer timer, long inMs)
    {
        if (!timer.IsArmed)
        {
            Loop.Timers.Arm(timer, Loop.NowMs + inMs);
        }
    }

    private void CloseUnused()
    {
        foreach (ConfirmationLink link in _links.Where(static link => !link.WasUsed()).ToArray())
        {
            _links.Remove(link);
            link.Close();
        }

        if (_links.Count > 0)
        {
            Arm(_sweep, KeepMs);
        }
    }
}
