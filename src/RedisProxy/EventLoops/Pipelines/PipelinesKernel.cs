using System.Net;
using System.Net.Sockets;

namespace RedisProxy.EventLoops;

/// <summary>
/// The framework's sockets behind the interface of a readiness loop. A connection is a <c>SocketConnection</c> of
/// Pipelines.Sockets.Unofficial: its input is received ahead, up to a limit, and an arrival is an event; its output is handed to the
/// operating system within the call, or at the end of a wait, as soon as there is room.
/// </summary>
internal sealed unsafe class PipelinesKernel(SocketTable sockets) : Kernel
{
    // What is under way comes within microseconds, unless the machine stands still.
    private const int MaxWaitMs = 100;

    private readonly LoopScheduler _scheduler = new();
    private readonly List<PipelinesSocket> _changed = [];
    private (ulong Data, SocketReadiness Readiness)[] _events = new (ulong, SocketReadiness)[64];

    public override int Wait(int timeoutMs)
    {
        _scheduler.Run();
        if (_changed.Count == 0)
        {
            _scheduler.Wait(timeoutMs);
            _scheduler.Run();
        }

        return TakeEvents();
    }

    public override SocketReadiness ReadinessAt(int index) => _events[index].Readiness;

    public override ulong DataAt(int index) => _events[index].Data;

    public override void Wake() => _scheduler.Wake();

    public override void ClearWake()
    {
        // Cleared when the event was taken.
    }

    public override bool TryWatch(int fd, ulong data)
    {
        sockets[fd].Watch(_changed, _scheduler, data);
        return true;
    }

    public override int Connect(IPEndPoint endpoint, TcpSettings settings)
    {
        try
        {
            return sockets.Add(PipelinesConnection.Connect(endpoint, settings, _scheduler));
        }
        catch (SocketException failure)
        {
            return -Errno.Of(failure.SocketErrorCode);
        }
    }

    public override int Accept(int fd)
    {
        var listener = (PipelinesListener)sockets[fd];
        bool isAccepted = listener.TryAccept(_scheduler, out Socket? accepted, out int error);
        if (error == Errno.Again && HasCome(listener))
        {
            isAccepted = listener.TryAccept(_scheduler, out accepted, out error);
        }

        return isAccepted ? sockets.Add(new PipelinesConnection(accepted!)) : -error;
    }

    public override int Receive(int fd, byte* buffer, int length)
    {
        PipelinesConnection connection = Connection(fd);
        int received = connection.Receive(new Span<byte>(buffer, length));
        return received == WouldBlock && HasCome(connection) ? connection.Receive(new Span<byte>(buffer, length)) : received;
    }

    public override int Peek(int fd, byte* buffer, int length)
    {
        PipelinesConnection connection = Connection(fd);
        int received = connection.Peek(new Span<byte>(buffer, length));
        return received == WouldBlock && HasCome(connection) ? connection.Peek(new Span<byte>(buffer, length)) : received;
    }

    public override int Send(int fd, byte* buffer, int length) => Connection(fd).Send(new ReadOnlySpan<byte>(buffer, length));

    public override int TakeError(int fd) => Connection(fd).Error;

    public override int MsSinceReceived(int fd) => PortableSockets.MsSinceReceived(sockets[fd].Socket);

    public override IPEndPoint? PeerAddress(int fd) => sockets[fd].PeerAddress;

    public override IPEndPoint? LocalAddress(int fd) => sockets[fd].LocalAddress;

    public override void ShutdownWrite(int fd) => Connection(fd).ShutdownWrite();

    public override void Close(int fd) => sockets.Remove(fd).Close(abort: false);

    public override void Abort(int fd) => sockets.Remove(fd).Close(abort: true);

    public override void Dispose()
    {
        // Nothing of the system's is held.
    }

    private PipelinesConnection Connection(int fd) => (PipelinesConnection)sockets[fd];

    /// <summary>
    /// Who looks without having been told to wants to know what has reached this machine by now, such as the last words of a server that
    /// is about to be given up. A receive on a descriptor sees that; here it has to be waited for.
    /// </summary>
    private bool HasCome(PipelinesSocket socket)
    {
        _scheduler.Run();
        if (socket.HasArrived || !socket.IsUnderWay)
        {
            return socket.HasArrived;
        }

        long until = Environment.TickCount64 + MaxWaitMs;
        while (!socket.HasArrived && Environment.TickCount64 < until)
        {
            _scheduler.Wait(timeoutMs: 1, endsWhenWoken: false);
            _scheduler.Run();
        }

        return socket.HasArrived;
    }

    private int TakeEvents()
    {
        if (_events.Length <= _changed.Count)
        {
            Array.Resize(ref _events, _changed.Count * 2);
        }

        int count = 0;
        if (_scheduler.TakeWake())
        {
            _events[count++] = (WakeData, SocketReadiness.None);
        }

        foreach (PipelinesSocket socket in _changed)
        {
            if (socket.TakeChanges() is var changes and not SocketReadiness.None)
            {
                _events[count++] = (socket.Data, changes);
            }
        }

        _changed.Clear();
        return count;
    }
}
