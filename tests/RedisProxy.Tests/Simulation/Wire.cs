using RedisProxy.EventLoops;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// One TCP connection between the proxy's loop (the near end) and something simulated (the far end): bytes in both directions with
/// delays, cut anywhere, in order; a limited window towards the far end; FIN and RST as Linux has them. A far end that is frozen does not
/// read; its kernel still takes bytes, and it finds them when it goes on, a reset notwithstanding.
/// </summary>
internal sealed class Wire(World world, SimulatedKernel kernel, IWireEnd far, int capacity)
{
    /// <summary>Slowest way of a byte, for those who have to wait until all has arrived.</summary>
    public const long MaxDelayUs = 5000;

    /// <summary>Longer than some hold their requests.</summary>
    private const long MaxStallUs = 3_000_000;

    private const int ConnectionRefused = 111;

    private readonly Queue<Action> _unread = new();
    private readonly Queue<(long End, WriteFate Fate)> _marks = new();
    private byte[] _inbox = new byte[256];
    private int _inboxStart;
    private int _inboxEnd;
    private IWireEnd _far = far;
    private long _lastToNearUs;
    private long _lastToFarUs;
    private long _saidBytes;
    private long _receivedBytes;
    private int _used;
    private int _error;
    private bool _isBlocked;
    private bool _finHasArrived;
    private bool _isNearShut;
    private bool _isFarClosed;
    private bool _dropsToNear;
    private bool _dropsToFar;
    private bool _isFarPaused;

    /// <summary>Of the near end, the first that it had.</summary>
    public int Fd { get; set; }

    /// <summary>The near end is open as long as it has any.</summary>
    public int Descriptors { get; set; } = 1;

    public ulong Data { get; set; }

    public bool IsWatched { get; set; }

    public bool IsSignalled { get; set; }

    /// <summary>Of what the far end says, so many of a hundred pieces are said in two parts, with up to seconds between them.</summary>
    public int StallPercent { get; set; }

    public bool IsConnected { get; private set; }

    public bool IsNearClosed { get; private set; }

    public SocketReadiness Readiness
    {
        get
        {
            bool isClosed = _finHasArrived || _error != 0;
            bool isBroken = _error != 0 || (_finHasArrived && _isNearShut);
            SocketReadiness readiness = isClosed ? SocketReadiness.PeerClosed : SocketReadiness.None;
            readiness |= isClosed || _inboxEnd > _inboxStart ? SocketReadiness.Readable : SocketReadiness.None;
            return readiness | (isBroken || (IsConnected && _used < capacity) ? SocketReadiness.Writable : SocketReadiness.None);
        }
    }

    // ---- near end: what the loop's kernel does -----------------------------------------------------------------------------------

    public void BeginConnect(SimulatedRedis? node)
    {
        if (node is null || node.IsBlackholed)
        {
            return;
        }

        world.After(Delay(), () =>
        {
            if (IsNearClosed)
            {
                return;
            }

            if (node.IsRunning)
            {
                IsConnected = true;
                _far = node.Accept(this);
            }
            else
            {
                _error = ConnectionRefused;
            }

            kernel.Signal(this);
        });
    }

    /// <summary>For a connection that is accepted by the loop.</summary>
    public void BeConnected() => IsConnected = true;

    public int Receive(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _inboxEnd - _inboxStart);
        if (count == 0)
        {
            return _error != 0 ? -TakeError() : _finHasArrived ? 0 : Kernel.WouldBlock;
        }

        _inbox.AsSpan(_inboxStart, count).CopyTo(buffer);
        _inboxStart += count;
        _receivedBytes += count;
        while (_marks.TryPeek(out (long End, WriteFate Fate) mark) && mark.End <= _receivedBytes)
        {
            kernel.OnReplyReceived(_marks.Dequeue().Fate);
        }

        return count;
    }

    public int Send(ReadOnlySpan<byte> bytes)
    {
        if (_error != 0)
        {
            return -TakeError();
        }

        int count = Math.Min(bytes.Length, capacity - _used);
        _isBlocked = count < bytes.Length;
        if (count <= 0)
        {
            return Kernel.WouldBlock;
        }

        _used += count;
        Scatter(bytes[..count].ToArray(), 0, count, ref _lastToFarUs, ArriveAtFar);
        return count;
    }

    public int TakeError()
    {
        int error = _error;
        if (error != 0)
        {
            // Said once; afterwards there is an end of file.
            _error = 0;
            _finHasArrived = true;
        }

        return error;
    }

    public void ShutdownNear()
    {
        if (!_isNearShut)
        {
            _isNearShut = true;
            Later(ref _lastToFarUs, () => ToFar(() => _far.OnFin()));
        }
    }

    public void CloseNear(bool abort)
    {
        IsNearClosed = true;
        if (!IsConnected)
        {
            return;
        }

        if (abort || _inboxEnd > _inboxStart)
        {
            _dropsToFar = abort && world.Chance(50);
            world.After(Delay(), () => ToFar(() => _far.OnReset()));
        }
        else
        {
            ShutdownNear();
        }
    }

    // ---- far end: what simulated processes do -------------------------------------------------------------------------------------

    /// <summary>What is said next ends with the reply to a write; the kernel is told when the proxy has received that.</summary>
    public void Mark(WriteFate fate, int replyEnd) => _marks.Enqueue((_saidBytes + replyEnd, fate));

    /// <param name="bytes">Not changed afterwards.</param>
    public void Say(byte[] bytes)
    {
        _saidBytes += bytes.Length;
        if (_isFarClosed || bytes.Length == 0)
        {
            return;
        }

        int cut = world.Chance(StallPercent) ? world.Random.Next(bytes.Length) : bytes.Length;
        Scatter(bytes, 0, cut, ref _lastToNearUs, ArriveAtNear);
        if (cut < bytes.Length)
        {
            long stallUs = world.Chance(70) ? world.Between(1_000, 300_000) : world.Between(300_000, MaxStallUs);
            _lastToNearUs = Math.Max(_lastToNearUs, world.NowUs + stallUs);
            Scatter(bytes, cut, bytes.Length, ref _lastToNearUs, ArriveAtNear);
        }
    }

    /// <summary>FIN after what was said; the far end may go on to read.</summary>
    public void FinishFar() => Later(ref _lastToNearUs, () =>
    {
        _finHasArrived = true;
        kernel.Signal(this);
    });

    /// <summary>The far end's process closes; what it says afterwards reaches nobody, and what reaches it is answered with RST.</summary>
    public void CloseFar(bool abort = false)
    {
        if (_isFarClosed)
        {
            return;
        }

        _isFarClosed = true;
        if (!abort)
        {
            FinishFar();
            return;
        }

        _dropsToNear = world.Chance(50);
        long dueUs = _dropsToNear ? world.NowUs + Delay() : Math.Max(world.NowUs + Delay(), _lastToNearUs);
        world.At(dueUs, ResetNear);
    }

    /// <summary>The far end's process stands still, or goes on.</summary>
    public void PauseFar(bool isPaused)
    {
        _isFarPaused = isPaused;
        while (!_isFarPaused && _unread.TryDequeue(out Action? read))
        {
            read();
        }
    }

    private void ArriveAtNear(byte[] bytes, int start, int length)
    {
        if (_dropsToNear)
        {
            return;
        }

        if (IsNearClosed)
        {
            world.After(Delay(), () => ToFar(() => _far.OnReset()));
            return;
        }

        if (_inboxStart == _inboxEnd)
        {
            _inboxStart = _inboxEnd = 0;
        }

        if (_inboxEnd + length > _inbox.Length)
        {
            Array.Resize(ref _inbox, Math.Max(_inbox.Length * 2, _inboxEnd + length));
        }

        bytes.AsSpan(start, length).CopyTo(_inbox.AsSpan(_inboxEnd));
        _inboxEnd += length;
        kernel.Signal(this);
    }

    private void ArriveAtFar(byte[] bytes, int start, int length)
    {
        if (_dropsToFar)
        {
            return;
        }

        if (_isFarClosed)
        {
            world.After(Delay(), ResetNear);
            return;
        }

        ToFar(() =>
        {
            _used -= length;
            if (_isBlocked && !IsNearClosed)
            {
                kernel.Signal(this);
            }

            _far.OnBytes(bytes.AsSpan(start, length));
        });
    }

    private void ToFar(Action read)
    {
        if (_isFarPaused)
        {
            _unread.Enqueue(read);
        }
        else if (!_isFarClosed)
        {
            read();
        }
    }

    private void ResetNear()
    {
        if (_error == 0 && !IsNearClosed)
        {
            _error = Errno.ConnectionReset;
            kernel.Signal(this);
        }
    }

    /// <summary>Mostly in one piece; now and then in a few, or byte by byte.</summary>
    private void Scatter(byte[] bytes, int begin, int end, ref long lastUs, Action<byte[], int, int> arrive)
    {
        int die = world.Random.Next(100);
        int all = end - begin;
        int piece = die < 75 ? all : die < 97 ? world.Random.Next(1, all + 1) : 1;
        piece = Math.Max(1, Math.Max(piece, all / 32));
        for (int start = begin; start < end; start += piece)
        {
            int from = start;
            int length = Math.Min(piece, end - start);
            Later(ref lastUs, () => arrive(bytes, from, length));
        }
    }

    private void Later(ref long lastUs, Action arrive)
    {
        lastUs = Math.Max(lastUs, world.NowUs + Delay());
        world.At(lastUs, arrive);
    }

    private long Delay() => world.Random.Next(100) < 95 ? world.Between(20, 400) : world.Between(400, MaxDelayUs);
}
