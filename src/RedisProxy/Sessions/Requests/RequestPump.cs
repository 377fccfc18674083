using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// The path from client to backend: alone receives from the client and sends to the link. Sends what may go, in one call for a whole
/// burst, before it receives more: a backend that does not read stops its client. While requests are held, a limited number of bytes is
/// read ahead; beyond that the kernel's buffer is the queue.
/// </summary>
internal sealed class RequestPump(Session session)
{
    private bool _isInputEnded;

    public RequestIntake Intake { get; } = new(session);

    /// <summary>The client is between two requests.</summary>
    public bool IsAtBoundary => Intake.IsAtBoundary;

    /// <summary>Runs as far as it can, and rechecks everything before it waits. True: the session has ended.</summary>
    public bool Run()
    {
        LoopSocket client = session.Client;
        Intake.EndStall(_isInputEnded);
        while (!session.IsEnded)
        {
            BackendLink? link = session.Link;
            if (link is not null && !TrySend(link))
            {
                if (!link.IsWritableOr(Session.ResumeRequests, session))
                {
                    return false;
                }
            }
            else if (_isInputEnded || !Intake.HasRoom || (link is { HasUnsent: true } && !session.Gate.Lease.Runs))
            {
                Intake.BeginStall();
                if (!client.IsWokenOr(Session.ResumeRequests, session))
                {
                    return false;
                }

                Intake.EndStall(_isInputEnded);
            }
            else if (!client.IsReadableOr(Session.ResumeRequests, session))
            {
                return false;
            }
            else if (client.IsReadable && !session.IsEnded && TryReceive(client) && session.Link is { HasUnsent: true, IsShared: false })
            {
                session.Loop.Defer(Session.ResumeRequests, session);
                return false;
            }
        }

        return true;
    }

    private unsafe bool TryReceive(LoopSocket client)
    {
        RequestBuffer buffer = session.Pipeline.Buffer;
        Slab room = buffer.Room;
        byte* start = room.Memory + room.End;
        int received = client.TryReceive(start, room.Free);
        if (received > 0)
        {
            buffer.Commit(received);
            Intake.Take(new ReadOnlySpan<byte>(start, received));
            if (!client.IsReadable)
            {
                Intake.OnDrained();
            }

            return true;
        }

        Intake.OnDrained();
        buffer.ReleaseWhenEmpty();
        if (received == 0)
        {
            _isInputEnded = true;
            session.OnClientFinished();
        }
        else if (received != Kernel.WouldBlock)
        {
            session.End(EndCause.ClientReset);
        }

        return false;
    }

    /// <returns>False: the link's socket takes no more now.</returns>
    private bool TrySend(BackendLink link)
    {
        while (true)
        {
            if (!session.Gate.Lease.MaySend(session, isThere: link.HasUnsent || !session.Pipeline.Waiting.IsEmpty))
            {
                return true;
            }

            if (!session.Pipeline.Waiting.IsEmpty && !session.TryDispatchWaiting(link))
            {
                return true;
            }

            if (!link.HasUnsent || link.IsSendBroken || IsRawHeld(link))
            {
                OnAllSent(link);
                return true;
            }

            int sent = link.TrySend(session.Pipeline.Buffer);
            if (sent == Kernel.WouldBlock)
            {
                return link.TakesMore;
            }

            if (sent < 0)
            {
                // Replies sent before it broke can still be read; the reply pump finds the end.
                link.IsSendBroken = true;
                session.Replies.Wake();
                return true;
            }

            session.Counters.RequestBytes += sent;
        }
    }

    // Unframed bytes have no boundary to stop at; they wait as they are.
    private bool IsRawHeld(BackendLink link) => session.Pipeline.HasSentRaw(link) && !session.Gate.View.IsServing;

    private void OnAllSent(BackendLink link)
    {
        Pipeline pipeline = session.Pipeline;
        if (pipeline.HasSentRaw(link) && link.InFlight.IsEmpty)
        {
            // Unframed bytes are never sent again, and no reply will release them.
            pipeline.Buffer.ReleaseTo(link.SentTo);
        }

        pipeline.TrimSent(link);
        bool isEndNext = pipeline.Waiting.IsEmpty || pipeline.Waiting.Oldest.Traits.GoesAlone; // Credentials wait for the pop to end.
        if (session.IsClientFinished && !session.IsFinForwarded && isEndNext && (pipeline.IsRaw || link.MustKnowEndOfClient))
        {
            session.IsFinForwarded = true;
            link.ShutdownWrite();
        }
    }
}
