using System.Diagnostics;

using RedisProxy.EventLoops;
using RedisProxy.Resp;
using RedisProxy.Topology;

namespace RedisProxy.Sessions;

/// <summary>
/// Receives from a link, finds the replies and decides about each: relayed, or dropped because its request goes elsewhere. A reply
/// that fits a slab is relayed whole or not at all, so only larger ones can be torn by the loss of the backend.
/// </summary>
internal sealed unsafe class ReplyReader(Session session)
{
    // How many receives get large slabs after one that filled its slab.
    private const int LargeReceives = 8;

    private Slab? _slab;
    private BackendLink? _source;
    private int _read, _resumeAt, _largeReceivesLeft;

    /// <summary>Bytes were received but not scanned yet, because other output had to go first.</summary>
    public bool HasUnread => _slab is not null && _read < _slab.End;

    public bool IsErrorNext => HasUnread && _slab!.Memory[_read] == '-';

    /// <summary>Size of its buffer.</summary>
    public long HeldBytes => _slab?.Capacity ?? 0;

    /// <summary>End of the bytes to send from the slab that <see cref="Read"/> returned.</summary>
    public int RelayEnd { get; private set; }

    /// <summary>Why the session ends once those are sent; then nothing more is read.</summary>
    public EndCause EndAfterRelay { get; private set; }

    /// <returns>True: bytes were received.</returns>
    public bool TryReceive(BackendLink link, bool endsLink = true)
    {
        Slab slab = _slab ??= session.Loop.Slabs.Rent(large: _largeReceivesLeft > 0);
        _source = link;
        int room = slab.Free;
        int received = room > 0 ? link.TryReceive(slab.Memory + slab.End, room) : Kernel.WouldBlock;
        if (received > 0)
        {
            slab.End += received;
            _largeReceivesLeft = received == room ? LargeReceives : Math.Max(0, _largeReceivesLeft - 1);
            return true;
        }

        if (received != Kernel.WouldBlock && endsLink)
        {
            session.Keeper.LoseLink(link, SuspicionReason.ConnectionLost);
        }

        if (slab.Begin == slab.End)
        {
            DropAll();
        }

        return false;
    }

    /// <summary>Scans what was received. The result is to be sent from its beginning to <see cref="RelayEnd"/>.</summary>
    public Slab Read(BackendLink link)
    {
        Slab slab = _slab!;
        bool areConfirmed = session.Held?.AreConfirmed(slab.End) != false;
        int plain = _read == slab.Begin ? PlainTraffic.TakeReplies(session, link, slab.Live, areConfirmed) : 0;
        _read += plain;
        RelayEnd = slab.Begin + plain;
        _resumeAt = RelayEnd;
        while (_read < slab.End && EndAfterRelay == EndCause.None && !session.Pipeline.IsProxyReplyDue && !IsHeld(link, slab))
        {
            if (link.IsRaw || UnframedReplies.TryEnter(session, link))
            {
                _read = RelayEnd = _resumeAt = slab.End;
                return slab;
            }

            ScanStatus status = link.Scanner.Scan(new ReadOnlySpan<byte>(slab.Memory + _read, slab.End - _read), out int consumed);
            _read += consumed;
            if (status == ScanStatus.NeedMore)
            {
                ReadPart(link, slab);
                return slab;
            }

            if (status == ScanStatus.Error)
            {
                Fail(link.Scanner.IsTooDeep ? $"a reply nested deeper than {RespLimits.MaxReplyDepth} levels" : "bytes that are not RESP");
                return slab;
            }

            bool isRelayed = Take(link, new ReadOnlySpan<byte>(slab.Memory + RelayEnd, _read - RelayEnd));
            link.EndReply();
            _resumeAt = _read;
            if (!isRelayed && (RelayEnd > slab.Begin || link != session.Link || link.IsRejecting))
            {
                return slab;
            }

            slab.Begin = isRelayed ? slab.Begin : _read;
            RelayEnd = _read;
        }

        return slab;
    }

    /// <summary>Does the next reply wait for replicas? If so, its session is woken when it need not any more.</summary>
    public bool MustHold(BackendLink link) =>
        HasUnread && session.Held is { } held && held.Hold(session.State, link, _slab!.Live, _slab.Begin);

    private bool IsHeld(BackendLink link, Slab slab) =>
        session.Held is { } held && held.IsHeld(session.State, link, slab.Live[(RelayEnd - slab.Begin)..], RelayEnd);

    /// <summary>Everything to be sent is sent: makes room for what follows, or releases the buffer.</summary>
    public void EndRelay()
    {
        Slab? slab = _slab;
        if (slab is null)
        {
            return;
        }

        slab.Begin = _resumeAt;
        int left = slab.End - slab.Begin;
        if (left == 0)
        {
            DropAll();
        }
        else if (!HasUnread && (slab.Free == 0 || session.Link?.Scanner.OwedBytes > slab.Free))
        {
            MakeRoom(slab, left);
        }
    }

    /// <summary>A copy of what was received and not relayed.</summary>
    /// <param name="link">The link it must come from; the buffer may still hold bytes of an earlier one.</param>
    /// <param name="scanned">Number of bytes at its start, part of a reply, that are already scanned.</param>
    public Slab CopyUnread(BackendLink link, out int scanned)
    {
        Slab copy = session.Loop.Slabs.Rent(large: true);
        scanned = 0;
        if (_slab is not null && _source == link)
        {
            scanned = _read - _resumeAt;
            new ReadOnlySpan<byte>(_slab.Memory + _resumeAt, _slab.End - _resumeAt).CopyTo(new Span<byte>(copy.Memory, copy.Capacity));
            copy.End = _slab.End - _resumeAt;
        }

        return copy;
    }

    public void DropAll()
    {
        if (_slab is not null)
        {
            session.Loop.Slabs.Return(_slab);
            _slab = null;
        }

        _read = 0;
        _resumeAt = 0;
        session.Held?.Forget();
    }

    /// <summary>Handles an incomplete reply: it waits for its end if it can be kept whole, otherwise the part is relayed now.</summary>
    private void ReadPart(BackendLink link, Slab slab)
    {
        int part = slab.End - RelayEnd;
        if (!link.IsMidReply && part + link.Scanner.OwedBytes < SlabPool.LargeBytes)
        {
            return;
        }

        _resumeAt = slab.End;
        link.RelayedOfReply += part;
        if (!link.IsMidReply)
        {
            link.IsMidReply = true;
            var begin = new ReadOnlySpan<byte>(slab.Memory + RelayEnd, part);
            link.IsMidMessage = Messages.IsBeginOfOne(session.State, link, begin);
            link.IsMidDropped = !link.IsMidMessage && !link.InFlight.IsEmpty
                && (session.State.IsSilent(link.InFlight.Oldest) || session.Held?.AreTooFewFor(session.State, link, begin) == true);
        }

        if (link.IsMidMessage || (!link.IsRejecting && !link.IsMidDropped))
        {
            RelayEnd = slab.End;
        }
    }

    /// <returns>False: this reply is not for the client.</returns>
    private bool Take(BackendLink link, ReadOnlySpan<byte> reply)
    {
        RequestQueue inFlight = link.InFlight;
        if (Messages.IsOne(session.State, link, reply))
        {
            return true;
        }

        if (IsOfRejection(link, reply))
        {
            return false;
        }

        if (inFlight.IsEmpty)
        {
            // A reply without a request: it must not be taken for the reply to the next one.
            Fail("a reply without a request");
            return false;
        }

        ref PendingRequest request = ref inFlight.Oldest;
        Debug.Assert(!request.IsProxyReply, "due proxy replies are written before more is read");
        bool isUnconfirmed = session.Held?.AreTooFewFor(session.State, link, link.IsMidReply ? default : reply) == true;
        ReplyFate fate = RequestEffects.Apply(session, request, link.IsMidReply ? default : reply, link.Scanner.IsError);
        if (fate == ReplyFate.NotUnderstood)
        {
            Fail("a reply that does not confirm a subscription");
            return false;
        }

        if (fate == ReplyFate.FollowedByMore)
        {
            return true;
        }

        if (request.End > link.SentTo)
        {
            // Redis replies before a request is complete only if it is malformed, or if it refuses the connection; in both cases it closes.
            link.IsSendBroken = true;
            EndAfterRelay = request.IsOpen ? EndCause.ClientProtocolError : EndCause.BackendProtocolError;
        }
        else if (request.Traits.Kind == CommandKind.Quit)
        {
            EndAfterRelay = EndCause.Quit;
        }
        else if (session.State.IsInDoubt)
        {
            EndAfterRelay = EndCause.StateInDoubt;
        }

        link.HasReplied = true;
        if (isUnconfirmed && fate == ReplyFate.Relayed)
        {
            inFlight.SplitOldest();
            inFlight.Oldest.Outcome = Outcome.NotConfirmed;
            inFlight.Oldest.HasChange = false;
            return false;
        }

        RequestTiming.OnAnswered(session, inFlight, replies: 1, reply);
        session.Pipeline.RetireOldest(inFlight);
        return fate == ReplyFate.Relayed;
    }

    private bool IsOfRejection(BackendLink link, ReadOnlySpan<byte> reply)
    {
        bool isError = link.Scanner.Kind == '-' && !link.IsMidReply;
        Rejection rejection = link.IsRejecting ? Rejections.Continue(session, link, isError ? reply : default)
            : isError ? Rejections.Begin(session, link, reply)
            : Rejection.None;
        if (rejection is Rejection.OfConnection or Rejection.Complete)
        {
            session.Keeper.LoseLink(link, rejection == Rejection.Complete ? SuspicionReason.Rejected : SuspicionReason.ConnectFailed);
        }

        return rejection != Rejection.None;
    }

    // It is unknown which request the next reply would belong to.
    private void Fail(string reason)
    {
        session.Gate.OnBackendProtocolError(reason);
        session.End(EndCause.BackendProtocolError, abort: true);
    }

    private void MakeRoom(Slab slab, int left)
    {
        Slab target = slab;
        if (left + (session.Link?.Scanner.OwedBytes ?? 0) >= slab.Capacity)
        {
            target = session.Loop.Slabs.Rent(large: true);
        }

        slab.Live.CopyTo(new Span<byte>(target.Memory, target.Capacity));
        if (target != slab)
        {
            session.Loop.Slabs.Return(slab);
            _slab = target;
        }

        _read -= slab.Begin;
        session.Held?.Shift(slab.Begin);
        _resumeAt = 0;
        target.Begin = 0;
        target.End = left;
    }
}
