namespace RedisProxy.Sessions;

/// <summary>
/// Limits the backend connections that one loop opens at once. After a failover all sessions want one at the same moment; this turns the
/// stampede into a ramp. Sessions whose client waits for something go first.
/// </summary>
internal sealed class ConnectLimiter(int maxConcurrent)
{
    private readonly Queue<ILinkSeeker> _urgent = new();
    private readonly Queue<ILinkSeeker> _idle = new();
    private int _underWay;

    /// <summary>A lower value takes effect as running attempts end.</summary>
    public int MaxConcurrent { get; set; } = maxConcurrent;

    /// <summary>Sessions that want a link now, with or without a place in the queue.</summary>
    public int Seekers { get; set; }

    public bool IsContended => Seekers > MaxConcurrent;

    /// <summary>True: go ahead, and <see cref="Release"/> afterwards. False: queued until <see cref="ILinkSeeker.OnPermit"/>.</summary>
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

    /// <summary>An attempt is over, whatever its result. Its permit goes to the next in the queue.</summary>
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
