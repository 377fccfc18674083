using RedisProxy.EventLoops;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// Sees to it that its session has a link whenever there is a master to link to: waits until somebody has looked at the master since the
/// last one was lost, waits for its turn, connects. It never tries in a circle: after every failure it waits for a new look.
/// </summary>
internal sealed class LinkKeeper(Session session, ConnectLimiter limiter)
{
    /// <summary>Idle sessions wait for a random part of this, so that proxies which saw the same failover do not connect as one.</summary>
    private const int MaxJitterMs = 100;

    // A master that takes connections and gives nothing for them (too many clients) is not asked again in a hurry. Once is nothing:
    // Sentinel ends all connections of a promoted node.
    private const int FirstPauseMs = 50;
    private const int MaxPauseMs = 1000;

    private readonly LoopSignal _changed = new(session.Loop);
    private bool _isGranted;
    private int _fruitlessAttempts;
    private long _fruitlessGeneration;
    private long _suspicion;

    /// <summary>There is a master, and it was looked at since this session last had a reason to doubt it.</summary>
    public bool MayConnect => session.Gate.View.IsServing && session.Gate.View.CoversSuspicion >= _suspicion;

    /// <summary>The socket of a link that is being opened, so that the end of the session can close it.</summary>
    public LoopSocket? Connecting { get; set; }

    /// <summary>The gate, the link or the end of the session has changed.</summary>
    public void Wake()
    {
        if (session.IsEnded)
        {
            Connecting?.Close();
        }

        _changed.Set();
    }

    /// <summary>The limiter gives this session its turn.</summary>
    public void Grant()
    {
        _isGranted = true;
        _changed.Set();
    }

    // No further link before somebody has looked at the master again.
    private void Suspect(SuspicionReason reason) => _suspicion = session.Gate.Suspect(reason);

    /// <summary>A link has ended.</summary>
    public void OnLinkLost(BackendLink link, SuspicionReason reason)
    {
        bool wasFruitless = !link.HasReplied && session.Loop.NowMs - link.OpenedAtMs < MaxPauseMs;
        _fruitlessAttempts = wasFruitless ? _fruitlessAttempts + 1 : 0;
        _fruitlessGeneration = link.Generation;
        Suspect(reason);
    }

    public void OnConnectFailed()
    {
        session.Counters.RetargetsFailed++;
        Suspect(SuspicionReason.ConnectFailed);
    }

    public async Task RunAsync()
    {
        while (!session.IsEnded)
        {
            session.UpdatePhase();
            if (session.Link is not null || !MayConnect)
            {
                await _changed.WaitAsync();
                continue;
            }

            await PauseAsync();
            if (session.IsEnded || !MayConnect)
            {
                continue;
            }

            _isGranted = limiter.TryEnter(session);
            while (!_isGranted && !session.IsEnded)
            {
                await _changed.WaitAsync();
            }

            await ConnectAsync();
        }
    }

    private async Task PauseAsync()
    {
        bool isIdle = !session.IsWaitedFor;
        bool wasFruitless = _fruitlessAttempts > 1 && _fruitlessGeneration == session.Gate.View.Generation;
        int pauseMs = !wasFruitless ? 0 : Math.Min(MaxPauseMs, FirstPauseMs << Math.Min(_fruitlessAttempts, 8));
        if (isIdle || pauseMs > 0)
        {
            await PauseAsync(pauseMs + session.Loop.Random.Next(MaxJitterMs), isIdle);
        }
    }

    /// <param name="ms">So long, or until the way is shut.</param>
    /// <param name="isIdle">Until somebody waits, at the longest.</param>
    private async Task PauseAsync(int ms, bool isIdle)
    {
        TimerWheel timers = session.Loop.Timers;
        long dueMs = session.Loop.NowMs + ms;
        long generation = session.Gate.View.Generation;
        var due = new LoopTimer(static signal => ((LoopSignal)signal).Set(), _changed);
        timers.Arm(due, dueMs);
        while (session.Loop.NowMs < dueMs && MayConnect && session.Gate.View.Generation == generation
            && !(isIdle && session.IsWaitedFor) && !session.IsEnded)
        {
            await _changed.WaitAsync();
        }

        timers.Disarm(due);
    }

    // The gate may have shut while the session stood in line.
    private async Task ConnectAsync()
    {
        if (!session.IsEnded && MayConnect)
        {
            BackendLink? link = await BackendConnector.OpenAsync(session, this);
            if (link is not null)
            {
                session.Attach(link);
            }
        }

        if (_isGranted)
        {
            _isGranted = false;
            limiter.Release();
        }
    }
}
