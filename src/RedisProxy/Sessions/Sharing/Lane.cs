using System.Net;

using RedisProxy.EventLoops;
using RedisProxy.Resp;

namespace RedisProxy.Sessions;

/// <summary>
/// One session's share of a <see cref="SharedLink"/>. To its session it looks like a link of its own: it has its ledger and its place in
/// the client's stream, and receives the session's own replies and nothing else. It holds nothing of the connection while it is idle.
/// <para>
/// Only so many of its requests are on their way at a time, so that a deep pipeline waits with its own session and not in front of the
/// others. Replies that the session does not take at once are kept here.
/// </para>
/// </summary>
internal sealed unsafe class Lane : BackendLink, ILane
{
    /// <summary>A session with replies of this size prefers a connection of its own.</summary>
    private const int LargeReplyBytes = 32 * 1024;

    private readonly SharedLinks _links;
    private readonly SlabChain _kept;
    private SharedLink _link;
    private Waiter _reader;
    private Waiter _writer;
    private bool _isReaderParked;
    private bool _isWoken;
    private bool _isClosed;
    private long _committedTo;
    private RequestBuffer? _buffer;
    private byte* _arriving;
    private int _arrivingBytes;

    public Lane(SharedLinks links, SharedLink link, ILaneOwner owner, LedgerMemory memory)
        : base(link.Generation, links.Loop.NowMs, memory)
    {
        _links = links;
        _kept = new SlabChain(links.Loop.Slabs);
        _link = link;
        Owner = owner;
        Demands = CommandFlags.Shareable;
        MaxRequestBytes = ShareableRequests.MaxBytes;
        IsAccepted = true;
        Target = link.Target;
        Target?.Enter();
        link.Add(this);
    }

    public ILaneOwner Owner { get; }

    public LinkIdentity Identity => _link.Identity;

    public int Index { get; set; }

    public bool IsQueued { get; set; }

    public int Owed { get; private set; }

    /// <summary>Bytes of replies that its session has not taken.</summary>
    public override long KeptBytes => _kept.Bytes;

    public override long CommittedTo => _link.IsEnded ? SentTo : Math.Max(SentTo, _committedTo);

    public override bool IsReadable => !_kept.IsEmpty || _arrivingBytes > 0 || _isClosed || _link.IsEnded;

    public override bool IsPeerClosed => _isClosed || _link.IsPeerClosed;

    public override bool TakesMore => SendEnd - SentTo < ShareableRequests.MaxBytes;

    public override IPEndPoint? LocalAddress => null;

    public bool HasTurn => !_isClosed && HasUnsent && !IsSendBroken
        && Owed < ShareableRequests.MaxRequests && _kept.Bytes < ShareableRequests.MaxBytes;

    private EventLoop Loop => _links.Loop;

    public override bool IsReadableOr(Action<object?> resume, object state)
    {
        if (IsReadable || _isWoken)
        {
            _isWoken = false;
            return true;
        }

        _reader.Arm(resume, state);
        return false;
    }

    public override bool IsWokenOr(Action<object?> resume, object state)
    {
        if (_isWoken || _isClosed)
        {
            _isWoken = false;
            return true;
        }

        _isReaderParked = true;
        _reader.Arm(resume, state);
        return false;
    }

    public override bool IsWritableOr(Action<object?> resume, object state)
    {
        if (TakesMore || IsSendBroken || _isClosed)
        {
            return true;
        }

        _writer.Arm(resume, state);
        return false;
    }

    public override void WakeReader()
    {
        if (_reader.IsArmed)
        {
            _isReaderParked = false;
            _reader.MarkScheduled();
            Loop.Defer(static lane => ((Lane)lane!)._reader.Complete(), this);
        }
        else
        {
            _isWoken = true;
        }
    }

    public override int TryReceive(byte* buffer, int length)
    {
        int received = _kept.Take(buffer, length);
        if (_kept.IsEmpty && _arrivingBytes > 0 && received < length)
        {
            int part = Math.Min(length - received, _arrivingBytes);
            Buffer.MemoryCopy(_arriving, buffer + received, part, part);
            _arriving += part;
            _arrivingBytes -= part;
            received += part;
        }

        QueueIfDue();
        return received > 0 ? received : _isClosed || _link.IsEnded ? 0 : Kernel.WouldBlock;
    }

    /// <summary>Sends at the end of the iteration, together with the others.</summary>
    public override int TrySend(RequestBuffer buffer)
    {
        _buffer = buffer;
        if (!TakesMore)
        {
            // A client that is so far ahead may read nothing before it has written everything, and its replies would end up here.
            Owner.PreferDedicated();
        }

        if (Owed == 0 && !IsQueued)
        {
            MoveToLeastBusy();
        }

        QueueIfDue();
        return Kernel.WouldBlock;
    }

    public override int MsSinceReceived() => _link.MsSinceReceived();

    public override void ShutdownWrite()
    {
    }

    public override void Close(bool abort = false)
    {
        if (_isClosed)
        {
            return;
        }

        // The link finishes what it has begun to send.
        SentTo = CommittedTo;
        _isClosed = true;
        _link.Remove(this);
        _kept.Clear();
        _arrivingBytes = 0;
        Wake();
    }

    public void OnSendBroken() => IsSendBroken = true;

    public void OnLinkEnded()
    {
        IsSendBroken = true;
        Wake();
    }

    public bool TryTakeTurn(out int bytes, out int replies)
    {
        (bytes, replies) = HasTurn ? LaneTurn.Of(this, Owed) : default;
        return replies > 0;
    }

    public void CopyTo(Slab slab, int bytes)
    {
        for (long at = SentTo, end = SentTo + bytes; at < end;)
        {
            byte* piece = _buffer!.PieceAt(at, end, out int length);
            Buffer.MemoryCopy(piece, slab.Memory + slab.End, slab.Free, length);
            slab.End += length;
            at += length;
        }
    }

    public void OnTaken(int bytes, int taken, int replies)
    {
        Owed += replies;
        _committedTo = SentTo + bytes;
        OnSent(taken);
    }

    public void OnSent(int bytes)
    {
        SentTo += bytes;
        Owner.Counters.RequestBytes += bytes;
        if (_writer.IsArmed && TakesMore)
        {
            WakeWriter();
        }
    }

    public void Deliver(byte* bytes, int length, int replies, long owedBytes, bool isQuiet)
    {
        Owed -= replies;
        if (_isClosed)
        {
            return;
        }

        int began = replies + (owedBytes > 0 ? 1 : 0);
        if ((length + owedBytes) / Math.Max(1, began) > LargeReplyBytes)
        {
            Owner.PreferDedicated();
        }

        _arriving = bytes;
        _arrivingBytes = length;
        if (_reader.IsArmed && !_isReaderParked && !isQuiet)
        {
            _reader.Complete();
        }

        if (_arrivingBytes > 0)
        {
            _kept.Add(_arriving, _arrivingBytes);
            _arrivingBytes = 0;
            if (_kept.Bytes > ShareableRequests.MaxBytes)
            {
                Owner.PreferDedicated();
            }

            if (isQuiet)
            {
                WakeReader();
            }
        }

        QueueIfDue();
    }

    private void MoveToLeastBusy()
    {
        SharedLink best = _links.LeastBusy(_link);
        if (best != _link)
        {
            _link.Remove(this);
            _link = best;
            best.Add(this);
        }
    }

    private void QueueIfDue()
    {
        if (HasTurn)
        {
            _link.Queue(this);
        }
    }

    private void Wake()
    {
        WakeReader();
        if (_writer.IsArmed)
        {
            WakeWriter();
        }
    }

    private void WakeWriter()
    {
        _writer.MarkScheduled();
        Loop.Defer(static lane => ((Lane)lane!)._writer.Complete(), this);
    }
}
