using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>A session that was passed to this process, until it runs or is refused. Refusing it leaves its sockets as they were.</summary>
internal sealed class SessionArrival
{
    private readonly Gate _gate;
    private readonly CarriedSession _carried;
    private readonly LoopSocket? _backend;

    /// <exception cref="InvalidDataException">It is not understood.</exception>
    /// <exception cref="NoRoomException">The kernel had no descriptor left for it.</exception>
    public SessionArrival(Gate gate, PassedMessage message)
    {
        _gate = gate;
        NoRoomException.Unless(message is { IsWhole: true, First: >= 0 }, "it was cut off, or there is no room for its descriptors");
        _carried = CarriedSession.Open(message.Bytes);
        Client = new LoopSocket(gate.Loop, message.First);
        if (_carried.PeerAddress is { } address && !address.Equals(Client.PeerAddress))
        {
            Client.PeerAddress = address;
        }

        _backend = message.Second < 0 ? null : new LoopSocket(gate.Loop, message.Second);
    }

    public LoopSocket Client { get; }

    /// <summary>The other process knew more of the master than this one does.</summary>
    public bool IsAhead => _carried.Master.IsAheadOf(_gate.View);

    /// <summary>Brings a new session to where the other one was, ready to start. If that fails, the session is discarded.</summary>
    /// <exception cref="InvalidDataException">It is not understood.</exception>
    /// <exception cref="NoRoomException">The kernel cannot watch more sockets.</exception>
    public void Resume(Session session)
    {
        try
        {
            _carried.Read(session, _backend);
            bool areWatched = Client.TryRegister(isConnected: true) && _backend?.TryRegister(isConnected: true) != false;
            NoRoomException.Unless(areWatched, "its sockets cannot be watched");
            _carried.Attach(session);
        }
        catch
        {
            session.Counters.Phases[(int)session.Phase]--;
            session.Pipeline.Clear();
            Forget(Client);
            if (_backend is not null)
            {
                Forget(_backend);
            }

            throw;
        }
    }

    // The connection stays open in the other process, so its events would not end with the descriptor.
    private void Forget(LoopSocket socket) => _gate.Loop.Forget(socket.Descriptor);
}
