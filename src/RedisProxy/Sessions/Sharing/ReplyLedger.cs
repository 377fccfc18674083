namespace RedisProxy.Sessions;

/// <summary>
/// To whom the next replies on a shared link belong, in the order in which their requests were sent. Neighbouring replies of one lane
/// are one entry.
/// </summary>
internal sealed class ReplyLedger
{
    private const int InitialCapacity = 16;

    private (ILane Lane, int Replies)[] _ring = new (ILane, int)[InitialCapacity];
    private int _head;
    private int _count;

    public bool IsEmpty => _count == 0;

    /// <summary>Replies owed to all lanes together.</summary>
    public int Owed { get; private set; }

    /// <summary>The lane of the next reply.</summary>
    public ILane First => _ring[_head].Lane;

    /// <summary>How many of the next replies belong to <see cref="First"/>.</summary>
    public int FirstReplies => _ring[_head].Replies;

    public void Add(ILane lane, int replies)
    {
        Owed += replies;
        if (_count > 0 && _ring[(_head + _count - 1) & (_ring.Length - 1)] is var (last, _) && last == lane)
        {
            _ring[(_head + _count - 1) & (_ring.Length - 1)].Replies += replies;
            return;
        }

        if (_count == _ring.Length)
        {
            Grow();
        }

        _ring[(_head + _count) & (_ring.Length - 1)] = (lane, replies);
        _count++;
    }

    /// <summary>So many replies to <see cref="First"/> have arrived.</summary>
    public void Take(int replies)
    {
        Owed -= replies;
        ref (ILane Lane, int Replies) first = ref _ring[_head];
        first.Replies -= replies;
        if (first.Replies == 0)
        {
            first.Lane = null!;
            _head = (_head + 1) & (_ring.Length - 1);
            _count--;
        }
    }

    private void Grow()
    {
        var ring = new (ILane, int)[_ring.Length * 2];
        for (int i = 0; i < _count; i++)
        {
            ring[i] = _ring[(_head + i) & (_ring.Length - 1)];
        }

        _ring = ring;
        _head = 0;
    }
}
