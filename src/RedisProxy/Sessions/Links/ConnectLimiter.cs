namespace RedisProxy.Sessions;

/// <summary>
/// How many backend connections one loop opens at once. After a failover all sessions want one at the same moment; this turns the
/// stampede into a ramp. Sessions whose client waits for something go first.
/// </summary>
internal sealed class ConnectLimiter(int maxConcurrent)
{
    private readonly Queue<ILinkSeeker> _urgent = new();
    private readonly Queue<ILinkSeeker> _idle = new();
    private int _underWay;

    /// <summary>Fewer come into effect as attempts that are under way end.</summary>
    public int MaxConcurrent { get; set; } = maxConcurrent;

    /// <summary>Whoever wants a link now, in line or before it.</summary>
    public int Seekers { get; set; }

    public bool IsContended => Seekers > MaxConcurrent;

    /// <summary>True: go ahead, and <see cref="Release"/> afterwards. False: it is told when it is its turn.</summary>
    public bool TryEnter(ILinkSeeker seeker)
    {
        if (_underWay < MaxConcurrent)
        {
            _underWay++;
            return true;
        }

        (seeker.IsUrgent ? _urgent : _idle).Enqueue(seeker);
        return false;
    }

    /// <summary>One attempt is over, whatever came of it. Its place goes to the next in line.</summary>
    public void Release()
    {
        while (_underWay <= MaxConcurrent && (_urgent.TryDequeue(out ILinkSeeker? next) || _idle.TryDequeue(out next)))
        {
            if (!next.IsEnded)
            {
                next.OnPermit();
                return;
            }
        }

        _underWay--;
    }
}
