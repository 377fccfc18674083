namespace RedisProxy.Sessions;

/// <summary>
/// How many backend connections one loop opens at once. After a failover all sessions want one at the same moment; this turns the
/// stampede into a ramp. Sessions whose client waits for something go first.
/// </summary>
internal sealed class ConnectLimiter(int maxConcurrent)
{
    private readonly Queue<Session> _urgent = new();
    private readonly Queue<Session> _idle = new();
    private int _underWay;

    /// <summary>Fewer come into effect as attempts that are under way end.</summary>
    public int MaxConcurrent { get; set; } = maxConcurrent;

    /// <summary>Sessions that want a link now, in line or before it.</summary>
    public int Seeking { get; set; }

    public bool IsCrowded => Seeking > MaxConcurrent;

    /// <summary>True: go ahead, and <see cref="Release"/> afterwards. False: the session is told when it is its turn.</summary>
    public bool TryEnter(Session session)
    {
        if (_underWay < MaxConcurrent)
        {
            _underWay++;
            return true;
        }

        (session.IsWaitedFor ? _urgent : _idle).Enqueue(session);
        return false;
    }

    /// <summary>One attempt is over, whatever came of it. Its place goes to the next in line.</summary>
    public void Release()
    {
        while (_underWay <= MaxConcurrent && (_urgent.TryDequeue(out Session? next) || _idle.TryDequeue(out next)))
        {
            if (!next.IsEnded)
            {
                next.Keeper.Grant();
                return;
            }
        }

        _underWay--;
    }
}
