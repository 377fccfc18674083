using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// The way from client to backend: the only one that receives from the client and the only one that sends to the link. Each turn it
/// first sends what may be sent, in one call for a whole burst, and only then receives more: a backend that does not read stops the
/// reading of its client. While requests are held, a limited number of bytes is read ahead; beyond that the kernel's buffer is the queue.
/// </summary>
internal sealed class RequestPump(Session session)
{
    private readonly RequestIntake _intake = new(session);
    private bool _isInputEnded;

    /// <summary>The client is between two requests.</summary>
    public bool IsAtBoundary => _intake.IsAtBoundary;

    /// <summary>Goes on as far as it can. Before each wait everything is looked at anew, so no change is missed.</summary>
    /// <returns>True: the session has ended. False: it waits for something, which runs it again.</returns>
    public bool Run()
    {
        LoopSocket client = session.Client;
        EndStall(client);
        while (!session.IsEnded)
        {
            BackendLink? link = session.Link;
            if (link is not null && !TrySend(link))
            {
                if (!link.Socket.IsWritableOr(Session.ResumeRequests, session))
                {
                    return false;
                }
            }
            else if (_isInputEnded || !_intake.HasRoom)
            {
                _intake.BeginStall();
                session.IsInputStalled = true;
                if (!client.IsWokenOr(Session.ResumeRequests, session))
                {
                    return false;
                }

                EndStall(client);
            }
            else if (!client.IsReadableOr(Session.ResumeRequests, session))
            {
                return false;
            }
            else if (client.IsReadable && !session.IsEnded)
            {
                Receive(client);
            }
        }

        return true;
    }

    private void EndStall(LoopSocket client)
    {
        bool wasStalled = session.IsInputStalled;
        session.IsInputStalled = false;
        if (wasStalled && client.IsPeerClosed && !_isInputEnded && !session.Gate.View.IsServing)
        {
            session.End(EndCause.ClientGaveUp);
        }
    }

    private unsafe void Receive(LoopSocket client)
    {
        RequestBuffer buffer = session.Pipeline.Buffer;
        Slab room = buffer.Room;
        byte* start = room.Memory + room.End;
        int received = client.TryReceive(start, room.Free);
        if (received > 0)
        {
            buffer.Commit(received);
            _intake.Take(new ReadOnlySpan<byte>(start, received));
            return;
        }

        buffer.ReleaseWhenEmpty();
        if (received == 0)
        {
            _isInputEnded = true;
            session.OnClientFinished();
        }
        else if (received != SocketCalls.WouldBlock)
        {
            session.End(EndCause.ClientReset);
        }
    }

    /// <returns>False: the link's socket takes no more now.</returns>
    private bool TrySend(BackendLink link)
    {
        Pipeline pipeline = session.Pipeline;
        while (true)
        {
            if (!pipeline.Waiting.IsEmpty)
            {
                pipeline.HandOverWaiting(link);
            }

            if (!link.HasUnsent || link.IsSendBroken || IsRawHeld(link))
            {
                OnAllSent(link);
                return true;
            }

            int sent = link.TrySend(pipeline.Buffer);
            if (sent == SocketCalls.WouldBlock)
            {
                return false;
            }

            if (sent < 0)
            {
                // What it said before it broke can still be read; the reply pump finds the end of it.
                link.IsSendBroken = true;
                session.WakeReplies();
                return true;
            }

            session.Counters.RequestBytes += sent;
        }
    }

    // Raw bytes have no boundaries to stop at; they wait as they are.
    private bool IsRawHeld(BackendLink link) => session.Pipeline.HasSentRaw(link) && !session.Gate.View.IsServing;

    private void OnAllSent(BackendLink link)
    {
        Pipeline pipeline = session.Pipeline;
        RequestEffects.EndSilent(session, link);
        if (pipeline.HasSentRaw(link) && link.InFlight.IsEmpty)
        {
            // Nothing raw is ever sent again, and no reply will release it.
            pipeline.Buffer.ReleaseTo(link.SentTo);
        }

        pipeline.Buffer.Trim(link.SentTo, session.Settings.MaxReplayBytes);
        if (session.IsClientFinished && !session.IsFinForwarded && pipeline.Waiting.IsEmpty
            && (pipeline.IsRaw || link.MustKnowEndOfClient))
        {
            session.IsFinForwarded = true;
            link.Socket.ShutdownWrite();
        }
    }
}
