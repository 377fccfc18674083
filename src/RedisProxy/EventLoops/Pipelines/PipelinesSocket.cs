using System.Net;
using System.Net.Sockets;

namespace RedisProxy.EventLoops;

/// <summary>A socket of the framework, and what a loop has yet to hear about it. Belongs to the loop whose kernel watches it.</summary>
internal abstract class PipelinesSocket(Socket socket) : IDisposable
{
    /// <summary>Trying anything tells how.</summary>
    public const SocketReadiness Broken = SocketReadiness.Readable | SocketReadiness.Writable | SocketReadiness.PeerClosed;

    private List<PipelinesSocket>? _changed;

    // What the loop has not been told yet.
    private SocketReadiness _changes;

    /// <summary>Identifies the socket in events.</summary>
    public ulong Data { get; private set; }

    /// <summary>Nothing is reported any more.</summary>
    public bool IsClosed { get; private set; }

    public Socket Socket => socket;

    /// <summary>Something was brought here that the owner has not taken, or the end.</summary>
    public abstract bool HasArrived { get; }

    /// <summary>
    /// Something has reached this machine, and the continuation that brings it is not scheduled yet. Asks the system.
    /// </summary>
    public abstract bool IsUnderWay { get; }

    /// <summary>Null on a unix socket, and on one that is not connected.</summary>
    public IPEndPoint? PeerAddress => AddressOf(static socket => socket.RemoteEndPoint);

    /// <summary>Null on a unix socket.</summary>
    public IPEndPoint? LocalAddress => AddressOf(static socket => socket.LocalEndPoint);

    /// <summary>Reports changes, from the current state on.</summary>
    /// <param name="changed">Where it puts itself when it has changes.</param>
    /// <param name="scheduler">Of the loop.</param>
    /// <param name="data">Identifies it there.</param>
    public void Watch(List<PipelinesSocket> changed, LoopScheduler scheduler, ulong data)
    {
        Data = data;
        _changed = changed;
        bool hasChanges = _changes != SocketReadiness.None;
        Start(scheduler);
        if (hasChanges)
        {
            changed.Add(this);
        }
    }

    public SocketReadiness TakeChanges()
    {
        SocketReadiness changes = IsClosed ? SocketReadiness.None : _changes;
        _changes = SocketReadiness.None;
        return changes;
    }

    /// <summary>Ends it, in an orderly way or with a reset.</summary>
    public void Close(bool abort)
    {
        IsClosed = true;
        End(abort);
    }

    /// <summary>The system has something to read, or an end.</summary>
    protected bool IsReadable
    {
        get
        {
            try
            {
                return Socket.Poll(TimeSpan.Zero, SelectMode.SelectRead);
            }
            catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>Tells the loop, which looks for itself what has happened.</summary>
    public void Report(SocketReadiness changes)
    {
        if (IsClosed)
        {
            return;
        }

        bool isListed = _changes != SocketReadiness.None;
        _changes |= changes;
        if (!isListed)
        {
            _changed?.Add(this);
        }
    }

    /// <summary>Releases everything; what was not sent is lost.</summary>
    public abstract void Dispose();

    protected abstract void Start(LoopScheduler scheduler);

    protected abstract void End(bool abort);

    private IPEndPoint? AddressOf(Func<Socket, EndPoint?> end)
    {
        try
        {
            return end(Socket) is IPEndPoint address
                ? address.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(address.Address.MapToIPv4(), address.Port) : address
                : null;
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            return null;
        }
    }
}
