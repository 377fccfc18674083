using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// The path from backend to client: alone receives from the link and sends to the client. It relays what <see cref="ReplyReader"/> lets
/// pass, straight from the receive buffer and in one call for a whole burst, and inserts proxy replies in their places. A client that
/// does not read stops the reads from its backend.
/// </summary>
internal sealed class ReplyPump(Session session)
{
    private BackendLink? _source;
    private bool _isParked;
    // On their way to the client: proxy replies, or what was read from the link.
    private Slab? _proxyReplies, _relayed;
    private EndCause _endAfterProxyReplies;

    public ReplyReader Reader { get; } = new(session);

    /// <summary>Bytes sent to the client since the session began.</summary>
    public long SentBytes { get; set; }

    /// <summary>Bytes are on their way to the client for which no request waits any more; an end now would cut them off.</summary>
    public bool IsRelaying => _proxyReplies is not null || _relayed is not null;

    /// <summary>A condition checked before each wait has changed.</summary>
    public void Wake()
    {
        if (_isParked)
        {
            _isParked = false;
            session.Loop.Defer(Session.ResumeReplies, session);
        }

        session.Link?.WakeReader();
    }

    /// <summary>
    /// The master is about to become doubtful, or has been superseded. Replies that arrived before that and were not read yet are still
    /// relayed: a loop that was held up must not turn outcomes known in time into unknown ones. Rejections are left to
    /// <see cref="SupersededReplies"/>.
    /// </summary>
    public void TakeRepliesInTime()
    {
        if (session.Link is { InFlight.IsEmpty: false } link && link == _source && _proxyReplies is null && _relayed is null
            && !session.Pipeline.IsProxyReplyDue && session.Gate.Lease.CameBeforeDoubt(link)
            && (Reader.TryReceive(link, endsLink: false) || Reader.HasUnread)
            && !Reader.IsErrorNext && session.Gate.Lease.CameBeforeDoubt(link))
        {
            _relayed = Reader.Read(link);
            Wake();
        }
    }

    /// <summary>Runs as far as it can, and rechecks everything before it waits. True: the session has ended.</summary>
    public bool Run()
    {
        while (TryFinishSends())
        {
            if (session.IsEnded)
            {
                Reader.DropAll();
                return true;
            }

            BackendLink? link = session.Link;
            if (link != _source)
            {
                // Unrelayed replies of a lost link are not trusted any more.
                Reader.DropAll();
                _source = link;
            }

            if (ProxyReplyWriter.IsDue(session))
            {
                _proxyReplies = session.Loop.Slabs.Rent(large: false);
                _endAfterProxyReplies = ProxyReplyWriter.Compose(session, _proxyReplies);
            }
            else if (link is null)
            {
                _isParked = true;
                return false;
            }
            else if (!session.Gate.View.IsTrusted || Reader.MustHold(link))
            {
                if (!session.Keeper.TryDoubt(link))
                {
                    return false;
                }
            }
            else if (!Reader.HasUnread && !link.IsReadableOr(Session.ResumeReplies, session))
            {
                return false;
            }
            else if (Reader.HasUnread || (link.IsReadable && !session.IsEnded && Reader.TryReceive(link)))
            {
                if (!session.Gate.Lease.Trusts(session, link))
                {
                    if (!link.IsWokenOr(Session.ResumeReplies, session))
                    {
                        return false;
                    }

                    continue;
                }

                _relayed = Reader.Read(link);
                if (_relayed.Begin < Reader.RelayEnd)
                {
                    session.Loop.Defer(Session.ResumeReplies, session);
                    return false;
                }
            }
        }

        return false;
    }

    // False: the client's socket takes no more now, and will run this again when it does.
    private bool TryFinishSends()
    {
        if (_proxyReplies is { } own)
        {
            if (!ClientOutput.TrySend(session, own, own.End))
            {
                return false;
            }

            session.Loop.Slabs.Return(own);
            _proxyReplies = null;
            session.OnRelayed(_endAfterProxyReplies);
        }

        if (_relayed is { } relayed)
        {
            if (!ClientOutput.TrySend(session, relayed, Reader.RelayEnd))
            {
                return false;
            }

            _relayed = null;
            Reader.EndRelay();
            session.OnRelayed(Reader.EndAfterRelay);
        }

        return true;
    }
}
