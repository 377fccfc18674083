using System.Net;

using RedisProxy.EventLoops;

namespace RedisProxy.Tests.Simulation;

/// <summary>
/// The loop's side of the simulated network. Waiting is where the world moves: events happen until a descriptor is ready or the time is
/// over, and sometimes a little longer, so that a turn finds several things changed at once.
/// </summary>
internal sealed unsafe class SimulatedKernel(World world) : Kernel
{
    private readonly List<Wire?> _wires = [null, null, null];
    private readonly Stack<int> _freeFds = new();
    private readonly List<Wire> _ready = [];
    private readonly List<(ulong Data, SocketReadiness Readiness)> _events = [];
    private bool _isWoken;

    /// <summary>Where connections go to; null: nobody is there, and nobody says so.</summary>
    public Func<IPEndPoint, SimulatedRedis?> Find { get; set; } = _ => null;

    /// <summary>Gets the writes whose replies the proxy has just received.</summary>
    public Action<WriteFate> OnReplyReceived { get; set; } = _ => { };

    /// <summary>Ends waiting at once.</summary>
    public bool IsOver { get; set; }

    public int OpenFds { get; private set; }

    /// <summary>A new connection, which the loop is told of by whoever asked.</summary>
    public Wire Open(IWireEnd far, int capacity)
    {
        var wire = new Wire(world, this, far, capacity);
        wire.Fd = Number(wire);
        return wire;
    }

    /// <summary>The wire's readiness has changed.</summary>
    public void Signal(Wire wire)
    {
        if (wire is { IsWatched: true, IsSignalled: false, IsNearClosed: false })
        {
            wire.IsSignalled = true;
            _ready.Add(wire);
        }
    }

    public override int Wait(int timeoutMs)
    {
        long untilUs = timeoutMs < 0 ? long.MaxValue : world.NowUs + (timeoutMs * 1000L);
        while (!_isWoken && _ready.Count == 0 && !IsOver && world.Violation is null)
        {
            if (!world.TryStep(untilUs))
            {
                return 0;
            }
        }

        if (world.Chance(30))
        {
            long lagUntilUs = world.NowUs + world.Between(1, 400);
            while (!IsOver && world.TryStep(lagUntilUs))
            {
            }
        }

        Collect();
        return _events.Count;
    }

    public override SocketReadiness ReadinessAt(int index) => _events[index].Readiness;

    public override ulong DataAt(int index) => _events[index].Data;

    public override void Wake() => _isWoken = true;

    public override void ClearWake() => _isWoken = false;

    public override bool TryWatch(int fd, ulong data)
    {
        Wire wire = _wires[fd]!;
        wire.Data = data;
        wire.IsWatched = true;
        if (wire.IsConnected)
        {
            Signal(wire);
        }

        return true;
    }

    public override void Unwatch(int fd) => _wires[fd]!.IsWatched = false;

    public override int Duplicate(int fd)
    {
        Wire wire = _wires[fd]!;
        wire.Descriptors++;
        return Number(wire);
    }

    public override int Connect(IPEndPoint endpoint, TcpSettings settings)
    {
        SimulatedRedis? node = Find(endpoint);
        Wire wire = Open(Nobody.Instance, capacity: (int)world.Between(2048, 65536));
        world.Note("dial", endpoint.Port, wire.Fd);
        wire.BeginConnect(node);
        return wire.Fd;
    }

    public override int Accept(int fd) => -Errno.Again;

    public override int Receive(int fd, byte* buffer, int length) => _wires[fd]!.Receive(new Span<byte>(buffer, length));

    // For TLS only, which is not simulated.
    public override int Peek(int fd, byte* buffer, int length) => throw new NotSupportedException();

    public override int Send(int fd, byte* buffer, int length) => _wires[fd]!.Send(new ReadOnlySpan<byte>(buffer, length));

    public override int TakeError(int fd) => _wires[fd]!.TakeError();

    public override IPEndPoint? PeerAddress(int fd) => new(IPAddress.Loopback, _wires[fd]!.Fd);

    public override IPEndPoint? LocalAddress(int fd) => new(IPAddress.Loopback, _wires[fd]!.Fd);

    public override void ShutdownWrite(int fd) => _wires[fd]!.ShutdownNear();

    public override void Close(int fd) => Release(fd, abort: false);

    public override void Abort(int fd) => Release(fd, abort: true);

    public override void Dispose()
    {
    }

    private void Release(int fd, bool abort)
    {
        Wire wire = _wires[fd]!;
        _wires[fd] = null;
        _freeFds.Push(fd);
        OpenFds--;
        if (--wire.Descriptors == 0)
        {
            wire.CloseNear(abort);
        }
    }

    private int Number(Wire wire)
    {
        int fd = _freeFds.TryPop(out int free) ? free : _wires.Count;
        if (fd == _wires.Count)
        {
            _wires.Add(wire);
        }
        else
        {
            _wires[fd] = wire;
        }

        OpenFds++;
        return fd;
    }

    private void Collect()
    {
        _events.Clear();
        if (_isWoken)
        {
            _events.Add((WakeData, 0));
        }

        foreach (Wire wire in _ready)
        {
            wire.IsSignalled = false;
            if (wire is { IsNearClosed: false, IsWatched: true })
            {
                _events.Insert(world.Random.Next(_events.Count + 1), (wire.Data, wire.Readiness));
            }
        }

        _ready.Clear();
    }
}
