using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// A connection to a master that sessions of one <see cref="LinkIdentity"/> share, each by a <see cref="Lane"/>. What all of them have to
/// send leaves in one call at the end of the iteration; replies are scattered to their lanes as they arrive. It keeps no bytes: requests
/// stay with their sessions until the kernel has taken them, and whatever has arrived belongs to the lane that is next in the ledger.
/// <para>
/// A lane that closes leaves its entries in the ledger, so that later replies are still counted; what is theirs is dropped. A request of
/// which only a part was taken by the kernel is finished even if its session is gone.
/// </para>
/// </summary>
internal sealed class SharedLink : ILeaseWaiter
{
    private static readonly Action<object?> ResumeRead = static link => ((SharedLink)link!).Read();
    private static readonly Action<object?> ResumeFlush = static link => ((SharedLink)link!).Flush();

    private readonly LoopSocket _socket;
    private readonly Gate _gate;
    private readonly ReplyLedger _ledger = new();
    private readonly List<ILane> _lanes = [];
    private readonly LaneTurns _turns;
    private ReplyScanner _scanner;
    private bool _isFlushDue;
    private bool _isAwaitingRoom;
    private bool _isSendBroken;
    private bool _isQuiet;

    public SharedLink(LoopSocket socket, Gate gate, LinkIdentity identity, long generation, ReplicaTarget? target)
    {
        _socket = socket;
        _gate = gate;
        _turns = new LaneTurns(socket, _ledger);
        Identity = identity;
        Generation = generation;
        Target = target;
        UnusedSinceMs = gate.Loop.NowMs;
    }

    public LinkIdentity Identity { get; }

    public long Generation { get; }

    public ReplicaTarget? Target { get; }

    /// <summary>Called once, when it ends by itself.</summary>
    public Action<SharedLink> OnEnded { get; init; } = static _ => { };

    public bool IsEnded { get; private set; }

    public bool IsUsable => !IsEnded && !_isSendBroken;

    public bool IsPeerClosed => IsEnded || _socket.IsPeerClosed;

    /// <summary>Replies that it owes.</summary>
    public int Owed => _ledger.Owed;

    public int Lanes => _lanes.Count;

    /// <summary>Lanes that have something to send.</summary>
    public int Queued => _turns.Count;

    /// <summary>On the loop's clock: when its last lane left.</summary>
    public long UnusedSinceMs { get; private set; }

    public int MsSinceReceived() => _socket.MsSinceReceived();

    /// <summary>Begins to receive.</summary>
    public void Start() => Read();

    public void Add(ILane lane)
    {
        lane.Index = _lanes.Count;
        _lanes.Add(lane);
    }

    public void Remove(ILane lane)
    {
        ILane last = _lanes[^1];
        _lanes[lane.Index] = last;
        last.Index = lane.Index;
        _lanes.RemoveAt(_lanes.Count - 1);
        _turns.Forget(lane);
        UnusedSinceMs = _gate.Loop.NowMs;
    }

    /// <summary>Lanes that were not used since the last time are given up.</summary>
    public void LeaveUnused()
    {
        for (int i = _lanes.Count - 1; i >= 0; i--)
        {
            _lanes[i].Owner.LeaveIfUnused();
        }
    }

    /// <summary>The lane has something to send.</summary>
    public void Queue(ILane lane)
    {
        _turns.Queue(lane);
        ScheduleFlush();
    }

    public void WakeRequests() => ScheduleFlush();

    public void WakeReplies()
    {
    }

    /// <summary>Takes what has arrived, and leaves it with the lanes until they are run.</summary>
    public void TakeArrived()
    {
        _isQuiet = true;
        while (!IsEnded && TryReceive())
        {
        }

        _isQuiet = false;
    }

    /// <summary>It is of no use any more.</summary>
    public void Close(bool abort = false)
    {
        if (IsEnded)
        {
            return;
        }

        IsEnded = true;
        if (abort)
        {
            _socket.Abort();
        }
        else
        {
            _socket.Close();
        }

        foreach (ILane lane in _lanes.ToArray())
        {
            lane.OnLinkEnded();
        }
    }

    private void ScheduleFlush()
    {
        if (!_isFlushDue && !_isAwaitingRoom)
        {
            _isFlushDue = true;
            _gate.Loop.Defer(ResumeFlush, this);
        }
    }

    private void Flush()
    {
        _isFlushDue = false;
        _isAwaitingRoom = false;
        while (IsUsable && _turns.HasAny && _gate.Lease.MaySend(this, isThere: true) && TryFlush())
        {
        }
    }

    // False: nothing more can be sent now.
    private bool TryFlush()
    {
        int sent = _turns.Send();
        if (sent == Kernel.WouldBlock)
        {
            _isAwaitingRoom = !_socket.IsWritableOr(ResumeFlush, this);
            return !_isAwaitingRoom;
        }

        if (sent < 0)
        {
            // Replies to what was sent before can still be read; the end is found by reading.
            _isSendBroken = true;
            foreach (ILane lane in _lanes)
            {
                lane.OnSendBroken();
            }
        }

        return sent > 0;
    }

    private void Read()
    {
        while (!IsEnded && _socket.IsReadableOr(ResumeRead, this))
        {
            if (_socket.IsReadable)
            {
                TryReceive();
            }
        }
    }

    /// <returns>True: bytes were received.</returns>
    private unsafe bool TryReceive()
    {
        Slab slab = _gate.Loop.Slabs.Rent(large: true);
        int received = _socket.TryReceive(slab.Memory, slab.Capacity);
        if (received > 0)
        {
            Scatter(slab.Memory, received);
        }

        _gate.Loop.Slabs.Return(slab);
        if (received <= 0 && received != Kernel.WouldBlock)
        {
            End();
        }

        return received > 0;
    }

    private unsafe void Scatter(byte* bytes, int length)
    {
        for (int at = 0; at < length && !IsEnded;)
        {
            if (_ledger.IsEmpty)
            {
                Break("a reply without a request");
                return;
            }

            var rest = new ReadOnlySpan<byte>(bytes + at, length - at);
            if (!TryFindReplies(rest, _ledger.FirstReplies, out int taken, out int replies))
            {
                return;
            }

            ILane lane = _ledger.First;
            if (replies > 0)
            {
                _ledger.Take(replies);
            }

            long owed = _scanner.IsAtBoundary ? 0 : _scanner.OwedBytes;
            lane.Deliver(bytes + at, taken, replies, owed, isQuiet: _isQuiet);
            at += taken;
        }
    }

    /// <summary>How much of the input are the next replies, the last of which may be incomplete?</summary>
    /// <returns>False: it is none, and the link has ended.</returns>
    private bool TryFindReplies(ReadOnlySpan<byte> input, int most, out int taken, out int replies)
    {
        taken = 0;
        replies = 0;
        while (taken < input.Length && replies < most)
        {
            if (_scanner.IsAtBoundary && WholeFrames.TryTakeReply(input[taken..], out int bytes))
            {
                taken += bytes;
                replies++;
                continue;
            }

            ScanStatus status = _scanner.Scan(input[taken..], out int consumed);
            taken += consumed;
            if (status == ScanStatus.Error || (status == ScanStatus.Complete && _scanner.IsPush))
            {
                // Nobody here asked for messages, so whatever sends one does not count as we do.
                Break(status == ScanStatus.Error ? "bytes that are not RESP" : "a message that nobody asked for");
                return false;
            }

            replies += status == ScanStatus.Complete ? 1 : 0;
        }

        return true;
    }

    /// <summary>It is unknown whose the next replies are, and whether the last ones were.</summary>
    private void Break(string reason)
    {
        _gate.OnBackendProtocolError(reason);
        foreach (ILane lane in _lanes.ToArray())
        {
            if (lane.Owed > 0)
            {
                lane.Owner.OnLinkBroken();
            }
        }

        End();
    }

    private void End()
    {
        if (!IsEnded)
        {
            Close();
            OnEnded(this);
        }
    }
}
