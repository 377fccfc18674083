using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// Picks the sessions of one listener on one loop that can go to the process that takes over from this one, and lets go of them: from
/// then on this process neither receives nor sends on their sockets, which it only keeps open. Most sessions can go at any moment, because
/// what is unfinished is carried along. One that has too much of it is not read from for a moment, so that it becomes less.
/// </summary>
internal sealed class SessionMoves(Gate gate)
{
    // Looks at a session before its client is made to wait, and for how many more looks that lasts.
    private const int PatientLooks = 4;
    private const int ImpatientLooks = 8;

    private readonly Queue<Session> _next = new();
    private readonly Dictionary<Session, int> _looks = [];

    /// <summary>The other process does not want these.</summary>
    private readonly HashSet<long> _refused = [];

    /// <summary>Lets go of some sessions, up to the number; none, if there are none that can go now.</summary>
    public IReadOnlyList<PassedMessage> Take(int most)
    {
        var taken = new List<PassedMessage>();
        if (!gate.AllowsAll || gate.HoldsPops)
        {
            // Until it is over, no client waits for its session to become less.
            Release();
            return taken;
        }

        if (_next.Count == 0)
        {
            Refill();
        }

        while (taken.Count < most && _next.TryDequeue(out Session? session))
        {
            if (session.IsEnded)
            {
                continue;
            }

            if (TryLetGo(session) is { } gone)
            {
                _looks.Remove(session);
                taken.Add(gone);
            }
            else if (!_refused.Contains(session.Id))
            {
                Look(session);
            }
        }

        return taken;
    }

    /// <summary>It is not to be taken again.</summary>
    public void Keep(Session session) => _refused.Add(session.Id);

    /// <summary>Nobody takes sessions any more.</summary>
    /// <returns>How many are left, by <see cref="StayReason"/>.</returns>
    public long[] Forget()
    {
        long[] left = new long[Enum.GetValues<StayReason>().Length];
        foreach (Session session in gate.Sessions.Where(static session => !session.IsEnded))
        {
            left[(int)(_refused.Contains(session.Id) ? StayReason.Refused : ObjectionTo(session, out _))]++;
        }

        Release();
        _next.Clear();
        _refused.Clear();
        return left;
    }

    private void Release()
    {
        foreach (Session session in _looks.Keys)
        {
            SetInput(session, isStopped: false);
        }

        _looks.Clear();
    }

    private void Refill()
    {
        foreach (Session ended in _looks.Keys.Where(static session => session.IsEnded).ToArray())
        {
            _looks.Remove(ended);
        }

        foreach (Session session in gate.Sessions.Where(session => !session.IsEnded && !_refused.Contains(session.Id)))
        {
            _next.Enqueue(session);
        }
    }

    private void Look(Session session)
    {
        int looks = _looks.GetValueOrDefault(session) + 1;
        _looks[session] = looks;
        SetInput(session, isStopped: looks is > PatientLooks and <= PatientLooks + ImpatientLooks);
    }

    private static void SetInput(Session session, bool isStopped)
    {
        if (session.IsInputStopped != isStopped)
        {
            session.IsInputStopped = isStopped;
            session.WakeRequests();
        }
    }

    /// <summary>Why it cannot go now; <see cref="StayReason.Late"/>: it can.</summary>
    /// <param name="session">Alive.</param>
    /// <param name="link">Goes with it; null: it has none, or leaves a shared one at which nothing is owed to it.</param>
    private static StayReason ObjectionTo(Session session, out DedicatedLink? link)
    {
        link = session.Link as DedicatedLink;
        Pipeline pipeline = session.Pipeline;
        return session.Settings is not { ClientTls: null, BackendTls: null } ? StayReason.Tls
            : pipeline.IsRaw || link is { IsRaw: true } ? StayReason.Unframed
            : session.IsClientFinished || session.Client.IsPeerClosed || pipeline.HasLostChange || link is { IsPeerClosed: true }
                || session.State is not { IsInDoubt: false, Handoffs: null or { IsLeaving: false, IsInHold: false } } ? StayReason.Ending
            : pipeline.Buffer.KeptBytes >= PassageLimit.MaxBytes || (link is not null && pipeline.Count >= PassageLimit.MaxRequests)
                ? StayReason.TooLarge
            : session.Requests.Intake.CanBeCarried && !session.Replies.IsRelaying && !session.Keeper.IsBusy
                && (link is not null ? IsWhole(session, link) : IsAtRest(session)) ? StayReason.Late
            : StayReason.Busy;
    }

    private static bool IsWhole(Session session, DedicatedLink link) =>
        link is { IsMidReply: false, IsRejecting: false, IsSendBroken: false, HasSubstitute: false, AnsweredInFlight: 0 }
        && link.EndedWait == BackendLink.NoWait && session.Gate.View.IsCurrent(link.Generation);

    // Where links are shared, or before the client has logged in. A part of its next request may have arrived: that is carried.
    private static bool IsAtRest(Session session) => session.Pipeline.Count == 0 && !session.HasUnreadReplies
        && (session.Sharing is not null || session.Access is { IsLockedOut: true })
        && session.Link is null or { IsRejecting: false, IsMidReply: false, HasUnsent: false, KeptBytes: 0, Expected: null };

    private PassedMessage? TryLetGo(Session session)
    {
        try
        {
            return ObjectionTo(session, out DedicatedLink? link) == StayReason.Late ? LetGo(session, link) : null;
        }
        catch (Exception fault)
        {
            // It stays here; the others need not.
            gate.Report(fault);
            Keep(session);
            _looks.Remove(session);
            SetInput(session, isStopped: false);
            return null;
        }
    }

    private static PassedMessage? LetGo(Session session, DedicatedLink? link)
    {
        if (link is null)
        {
            session.Sharing?.LeaveWrites();
        }

        ReadOnlyMemory<byte> state = CarriedSession.Write(session, link);
        if (state.Length > PassageLimit.MaxBytes)
        {
            return null;
        }

        Kernel kernel = session.Loop.Kernel;
        int client = kernel.Duplicate(session.Client.Descriptor);
        int backend = link is null ? PassedMessage.None : kernel.Duplicate(link.Socket.Descriptor);
        var message = new PassedMessage(state, client, backend, IsWhole: true);
        if (client < 0 || (link is not null && backend < 0))
        {
            message.Close(kernel);
            return null;
        }

        Leave(kernel, session.Client);
        if (link is not null)
        {
            Leave(kernel, link.Socket);
        }

        session.End(EndCause.HandedOver);
        return message;
    }

    // The connection is open under another number, so the end of this one neither reaches the peer nor ends the events by itself.
    private static void Leave(Kernel kernel, LoopSocket socket)
    {
        kernel.Unwatch(socket.Descriptor);
        socket.Close();
    }
}
