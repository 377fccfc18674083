using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>The sessions of one listener on one loop that did not begin there: those of another process, and those that return.</summary>
/// <param name="gate">Of the listener.</param>
/// <param name="admission">Counts them among its sessions.</param>
/// <param name="moves">The way in the other direction.</param>
internal sealed class SessionArrivals(Gate gate, Admission admission, SessionMoves moves)
{
    private const long RoomWithinMs = 5000;

    private long? _lacksRoomSinceMs;

    public required Func<SessionSettings> Settings { get; init; }

    /// <summary>A session as for a client that has just connected.</summary>
    public required Func<LoopSocket, Session> Create { get; init; }

    /// <summary>Starts it, with the callback for its end.</summary>
    public required Action<Session, Action> Start { get; init; }

    /// <summary>Goes on with a session of another process.</summary>
    /// <param name="message">Its state and its sockets, which stay the caller's unless the session is adopted.</param>
    /// <param name="problem">Why it was refused; empty if it was not.</param>
    public Adoption Adopt(PassedMessage message, out string problem)
    {
        problem = "";
        if (admission.IsStopping || !gate.AllowsAll)
        {
            return Adoption.NotNow;
        }

        try
        {
            var arrival = new SessionArrival(gate, message);
            if (arrival.IsAhead)
            {
                return Adoption.NotNow;
            }

            bool hasRoom = admission.TryReadmit(arrival.Client, Settings(), out Action onFinished);
            NoRoomException.Unless(hasRoom, "there are too many sessions");
            Resume(arrival, onFinished);
            _lacksRoomSinceMs = null;
            return Adoption.Adopted;
        }
        catch (NoRoomException lack)
        {
            // Others may end, here and in the other process, which tries again. But it may be waiting for its own end.
            _lacksRoomSinceMs ??= gate.Loop.NowMs;
            bool mayWait = gate.Loop.NowMs - _lacksRoomSinceMs < RoomWithinMs;
            problem = mayWait ? "" : lack.Message;
            return mayWait ? Adoption.NotNow : Adoption.Refused;
        }
        catch (InvalidDataException error)
        {
            problem = error.Message;
            return Adoption.Refused;
        }
        catch (Exception fault)
        {
            // The other process can still serve it.
            gate.Report(fault);
            problem = $"of a fault, {fault.GetType().Name}";
            return Adoption.Refused;
        }
    }

    /// <summary>Goes on with a session of this process that no other one has adopted.</summary>
    /// <param name="message">Its sockets belong to this process again.</param>
    /// <param name="isRefused">It does not leave any more.</param>
    public void TakeBack(PassedMessage message, bool isRefused)
    {
        try
        {
            var arrival = new SessionArrival(gate, message);
            Session session = Resume(arrival, admission.Readmit(arrival.Client, Settings()));
            if (isRefused)
            {
                moves.Keep(session);
            }
        }
        catch (Exception fault)
        {
            // Nobody can serve it, and the client must learn that.
            gate.Report(fault);
            message.Close(gate.Loop.Kernel);
        }
    }

    private Session Resume(SessionArrival arrival, Action onFinished)
    {
        Session session;
        try
        {
            session = Create(arrival.Client);
            arrival.Resume(session);
        }
        catch
        {
            onFinished();
            throw;
        }

        Start(session, onFinished);
        session.Counters.Adopted++;
        return session;
    }
}
