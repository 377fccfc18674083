using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// What the lanes of a shared link send, one turn each, in one call for all that fit. Their requests are copied for the call only: what the
/// kernel does not take stays with the lanes, except for the rest of a turn that it took in part.
/// </summary>
/// <param name="socket">The connection.</param>
/// <param name="ledger">Learns whose replies will come.</param>
internal sealed unsafe class LaneTurns(LoopSocket socket, ReplyLedger ledger)
{
    private readonly List<(ILane Lane, int Bytes, int Replies)> _pieces = [];
    private List<ILane> _ready = [];
    private List<ILane> _readyNext = [];

    // Of a turn that was sent in part: its end, and whose it is.
    private ReadOnlyMemory<byte> _rest;
    private ILane? _restOf;

    public bool HasAny => !_rest.IsEmpty || _ready.Count > 0;

    /// <summary>Lanes that wait for their turn.</summary>
    public int Count => _ready.Count;

    public void Queue(ILane lane)
    {
        if (!lane.IsQueued)
        {
            lane.IsQueued = true;
            _ready.Add(lane);
        }
    }

    /// <summary>The lane is closed. What was begun of its turn is still sent.</summary>
    public void Forget(ILane lane)
    {
        if (_restOf == lane)
        {
            _restOf = null;
        }
    }

    /// <returns>Bytes sent, or an error number; 0 if there was nothing.</returns>
    public int Send() => _rest.IsEmpty ? SendPieces() : SendRest();

    private int SendRest()
    {
        fixed (byte* start = _rest.Span)
        {
            int sent = socket.TrySend(start, _rest.Length);
            if (sent > 0)
            {
                _rest = _rest[sent..];
                _restOf?.OnSent(sent);
                _restOf = _rest.IsEmpty ? null : _restOf;
            }

            return sent;
        }
    }

    /// <returns>Bytes sent, or an error number; 0 if there was nothing.</returns>
    private int SendPieces()
    {
        Slab slab = socket.Loop.Slabs.Rent(large: true);
        int looked = Gather(slab);
        int sent = slab.End == 0 ? 0 : socket.TrySend(slab.Memory, slab.End);
        Account(looked, Math.Max(0, sent), slab);
        socket.Loop.Slabs.Return(slab);
        _pieces.Clear();
        return sent;
    }

    /// <summary>Copies what the next lanes have to send.</summary>
    /// <returns>How many lanes had their turn.</returns>
    private int Gather(Slab slab)
    {
        int looked = 0;
        for (; looked < _ready.Count; looked++)
        {
            ILane lane = _ready[looked];
            if (!lane.TryTakeTurn(out int bytes, out int replies))
            {
                continue;
            }

            if (bytes > slab.Free)
            {
                break;
            }

            lane.CopyTo(slab, bytes);
            _pieces.Add((lane, bytes, replies));
        }

        return looked;
    }

    /// <summary>Records what the kernel has taken. Lanes with more to send queue up again; of which nothing was taken go first.</summary>
    private void Account(int looked, int sent, Slab slab)
    {
        _readyNext.Clear();
        int at = 0;
        foreach ((ILane lane, int bytes, int replies) in _pieces)
        {
            int taken = Math.Clamp(sent - at, 0, bytes);
            if (taken == 0)
            {
                _readyNext.Add(lane);
                continue;
            }

            ledger.Add(lane, replies);
            lane.OnTaken(bytes, taken, replies);
            at += bytes;
            if (taken < bytes)
            {
                _rest = slab.Live.Slice(at - bytes + taken, bytes - taken).ToArray();
                _restOf = lane;
            }
        }

        int untouched = _readyNext.Count;
        _readyNext.AddRange(_ready[looked..]);
        for (int i = 0; i < looked; i++)
        {
            ILane lane = _ready[i];
            if (_readyNext.IndexOf(lane, 0, untouched) >= 0)
            {
                continue;
            }

            lane.IsQueued = lane.HasTurn;
            if (lane.IsQueued)
            {
                _readyNext.Add(lane);
            }
        }

        (_ready, _readyNext) = (_readyNext, _ready);
    }
}
