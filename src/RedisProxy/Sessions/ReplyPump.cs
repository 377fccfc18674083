using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// The way from backend to client: the only one that receives from the link and the only one that sends to the client. It relays what
/// <see cref="ReplyReader"/> lets pass, from the buffer it was received in and in one call for a whole burst, and puts the proxy's own
/// answers in their place between. A client that does not read stops the reading of its backend.
/// </summary>
internal sealed class ReplyPump(Session session)
{
    private readonly LoopSignal _wake = new(session.Loop);
    private readonly ReplyReader _reader = new(session);

    public void Wake()
    {
        _wake.Set();
        session.Link?.Socket.WakeReader();
    }

    public async Task RunAsync()
    {
        LoopSocket client = session.Client;
        BackendLink? source = null;
        while (!session.IsEnded)
        {
            BackendLink? link = session.Link;
            if (link != source)
            {
                // What a lost link said last and was not relayed yet is not believed any more.
                _reader.DropAll();
                source = link;
            }

            if (session.OwesInvalidation || session.Pipeline.IsSynthesisedDue)
            {
                await SendOwnAnswersAsync(client);
                continue;
            }

            if (link is null)
            {
                await _wake.WaitAsync();
                continue;
            }

            if (!session.Gate.View.IsBelieved)
            {
                await WaitForTrustAsync(link);
                continue;
            }

            if (!_reader.HasUnread)
            {
                await link.Socket.WaitReadableAsync();
                if (session.Link != link || !_reader.TryReceive(link))
                {
                    continue;
                }
            }

            Slab slab = _reader.Read(link);
            while (!TrySend(client, slab, _reader.RelayEnd))
            {
                await client.WaitWritableAsync();
            }

            _reader.EndRelay();
            session.OnRelayed(_reader.EndAfterRelay);
        }

        _reader.DropAll();
    }

    // A master that was doubted to its end: what it said last may be thrown away with it.
    private async ValueTask WaitForTrustAsync(BackendLink link)
    {
        if (link.Socket.IsPeerClosed)
        {
            session.LoseLink(link, Topology.SuspicionReason.ConnectionLost);
        }
        else
        {
            await link.Socket.WaitWokenAsync();
        }
    }

    private async Task SendOwnAnswersAsync(LoopSocket client)
    {
        Slab slab = session.Loop.Slabs.Rent(large: false);
        EndCause endsWith = OwnAnswers.Compose(session, slab);
        while (!TrySend(client, slab, slab.End))
        {
            await client.WaitWritableAsync();
        }

        session.Loop.Slabs.Return(slab);
        session.OnRelayed(endsWith);
    }

    /// <returns>False: the client's socket takes no more now.</returns>
    private unsafe bool TrySend(LoopSocket client, Slab slab, int end)
    {
        while (slab.Begin < end && !session.IsEnded)
        {
            int sent = client.TrySend(slab.Memory + slab.Begin, end - slab.Begin);
            if (sent == SocketCalls.WouldBlock)
            {
                return false;
            }

            if (sent < 0)
            {
                session.End(EndCause.ClientReset);
                return true;
            }

            slab.Begin += sent;
            session.Counters.ReplyBytes += sent;
        }

        return true;
    }
}
