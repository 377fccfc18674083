using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

internal enum Verdict : byte
{
    Pending,

    /// <summary>Enough replicas have it.</summary>
    Confirmed,

    /// <summary>Too few had it within the time.</summary>
    TooFew,
}

/// <summary>
/// The answer to a question that several sessions have asked in one iteration: do enough replicas have everything that the master had
/// executed by then?
/// </summary>
internal sealed class Confirmation
{
    private readonly EventLoop _loop;
    private readonly Action<Verdict, long> _onDecided;
    private readonly LoopTimer _deadline;
    private readonly List<ISessionParts> _waiting = [];
    private readonly long _askedAtMs;

    /// <param name="loop">Of its sessions.</param>
    /// <param name="timeoutMs">Until it is decided at the latest.</param>
    /// <param name="onDecided">Receives the verdict and how long it took, in milliseconds.</param>
    public Confirmation(EventLoop loop, int timeoutMs, Action<Verdict, long> onDecided)
    {
        _loop = loop;
        _onDecided = onDecided;
        _askedAtMs = loop.NowMs;
        DeadlineMs = loop.NowMs + timeoutMs;
        _deadline = new LoopTimer(static confirmation => ((Confirmation)confirmation).Decide(Verdict.TooFew), this);
        loop.Timers.Arm(_deadline, DeadlineMs);
    }

    public Verdict Verdict { get; private set; }

    /// <summary>On the loop's clock: after it, the answer is that they are too few.</summary>
    public long DeadlineMs { get; }

    /// <summary>Its session is woken when it is decided.</summary>
    public void Add(ISessionParts session) => _waiting.Add(session);

    /// <summary>Nobody waits for it any more.</summary>
    public void Drop()
    {
        _loop.Timers.Disarm(_deadline);
        _waiting.Clear();
    }

    /// <summary>The first verdict stands.</summary>
    public void Decide(Verdict verdict)
    {
        if (Verdict != Verdict.Pending)
        {
            return;
        }

        Verdict = verdict;
        _loop.Timers.Disarm(_deadline);
        _onDecided(verdict, _loop.NowMs - _askedAtMs);
        foreach (ISessionParts session in _waiting)
        {
            session.WakeReplies();
        }

        _waiting.Clear();
    }
}
