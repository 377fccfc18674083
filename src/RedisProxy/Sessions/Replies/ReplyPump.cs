using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// The way from backend to client: the only one that receives from the link and the only one that sends to the client. It relays what
/// <see cref="ReplyReader"/> lets pass, from the buffer it was received in and in one call for a whole burst, and puts the proxy's own
/// answers in their place between. A client that does not read stops the reading of its backend.
/// </summary>
internal sealed class ReplyPump(Session session)
{
    private BackendLink? _source;
    private bool _isParked;
    // On their way to the client: the proxy's own answers, or what was read from the link.
    private Slab? _ownAnswers, _relayed;
    private EndCause _endAfterOwnAnswers;

    public ReplyReader Reader { get; } = new(session);

    /// <summary>To the client, in bytes, since the session began.</summary>
    public long SentBytes { get; set; }

    /// <summary>Something is on its way to the client that no request waits for any more; its end would be cut off.</summary>
    public bool IsRelaying => _ownAnswers is not null || _relayed is not null;

    /// <summary>Something that it looks at before each wait has changed.</summary>
    public void Wake()
    {
        if (_isParked)
        {
            _isParked = false;
            session.Loop.Defer(Session.ResumeReplies, session);
        }

        session.Link?.Socket.WakeReader();
    }

    /// <summary>
    /// The master is about to be doubted, or has been superseded. What it has said and this loop has not looked at is still relayed when it
    /// had come before that: a loop that was held up makes nothing unknown that was known in time. Refusals are left to
    /// <see cref="SupersededReplies"/>.
    /// </summary>
    public void TakeWhatCameInTime()
    {
        if (session.Link is { InFlight.IsEmpty: false } link && link == _source && _ownAnswers is null && _relayed is null
            && !session.Pipeline.IsProxyReplyDue && session.Gate.Lease.CameBeforeDoubt(link)
            && (Reader.TryReceive(link, endsLink: false) || Reader.HasUnread)
            && !Reader.IsErrorNext && session.Gate.Lease.CameBeforeDoubt(link))
        {
            _relayed = Reader.Read(link);
            Wake();
        }
    }

    /// <summary>Goes on as far as it can, and looks at everything anew before it waits. True: the session has ended.</summary>
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
                // What a lost link said last and was not relayed yet is not believed any more.
                Reader.DropAll();
                _source = link;
            }

            if (session.OwesInvalidation || session.Pipeline.IsProxyReplyDue)
            {
                _ownAnswers = session.Loop.Slabs.Rent(large: false);
                _endAfterOwnAnswers = ProxyReplyWriter.Compose(session, _ownAnswers);
            }
            else if (link is null)
            {
                _isParked = true;
                return false;
            }
            else if (!session.Gate.View.IsBelieved)
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
                if (!session.Gate.Lease.Believes(session, link))
                {
                    if (!link.Socket.IsWokenOr(Session.ResumeReplies, session))
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

    // False: the client's socket takes no more now, and runs this again when it does.
    private bool TryFinishSends()
    {
        if (_ownAnswers is { } own)
        {
            if (!ClientOutput.TrySend(session, own, own.End))
            {
                return false;
            }

            session.Loop.Slabs.Return(own);
            _ownAnswers = null;
            session.OnRelayed(_endAfterOwnAnswers);
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
