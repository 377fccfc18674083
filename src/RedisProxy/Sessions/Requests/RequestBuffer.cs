using System.Diagnostics;

using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// The bytes of a client's requests, from the receive until they are answered: a chain of slabs that the kernel writes to and reads
/// from, with no copy in between. Positions are offsets into the client's stream:
/// <c>Kept ≤ Received</c>; everything before <see cref="Kept"/> is released.
/// <para>The session's cursors (scanned, sent, answered) are offsets too, and live with the code that moves them.</para>
/// </summary>
internal sealed unsafe class RequestBuffer(SlabPool pool)
{
    // With less room than this in the last slab, the next receive gets a fresh one.
    private const int MinReceiveBytes = 512;

    // How many receives get large slabs after one that filled its slab.
    private const int LargeReceives = 8;

    private Slab? _head;
    private Slab? _tail;
    private int _largeReceivesLeft;

    /// <summary>Offset of the first byte still buffered.</summary>
    public long Kept { get; private set; }

    /// <summary>Offset one past the last byte received.</summary>
    public long Received { get; private set; }

    public long KeptBytes => Received - Kept;

    /// <summary>The slab for the next receive, with room in its tail.</summary>
    public Slab Room
    {
        get
        {
            if (_tail is not null && _tail.Free >= MinReceiveBytes)
            {
                return _tail;
            }

            Slab slab = pool.Rent(large: _largeReceivesLeft > 0);
            if (_tail is null)
            {
                _head = slab;
            }
            else
            {
                _tail.Next = slab;
            }

            _tail = slab;
            return slab;
        }
    }

    /// <summary>Accounts for bytes written to the tail of <see cref="Room"/>.</summary>
    public void Commit(int bytes)
    {
        Debug.Assert(_tail is not null && bytes > 0 && bytes <= _tail.Free, "received into another slab");
        _tail.End += bytes;
        Received += bytes;
        _largeReceivesLeft = _tail.Free == 0 ? LargeReceives : Math.Max(0, _largeReceivesLeft - 1);
    }

    /// <summary>The longest contiguous piece from one offset, at most to another.</summary>
    public byte* PieceAt(long from, long to, out int length)
    {
        Debug.Assert(from >= Kept && from < to && to <= Received, "released, or not received yet");
        Slab slab = _head!;
        long start = Kept;
        while (from >= start + (slab.End - slab.Begin))
        {
            start += slab.End - slab.Begin;
            slab = slab.Next!;
        }

        int skip = slab.Begin + (int)(from - start);
        length = (int)Math.Min(slab.End - skip, to - from);
        return slab.Memory + skip;
    }

    /// <summary>A contiguous range: in place if possible, otherwise copied.</summary>
    public ReadOnlySpan<byte> Contiguous(long from, long to)
    {
        byte* piece = PieceAt(from, to, out int length);
        if (length == to - from)
        {
            return new ReadOnlySpan<byte>(piece, length);
        }

        var copy = new byte[to - from];
        for (int copied = 0; copied < copy.Length; copied += length)
        {
            piece = PieceAt(from + copied, to, out length);
            new ReadOnlySpan<byte>(piece, length).CopyTo(copy.AsSpan(copied));
        }

        return copy;
    }

    /// <summary>Of an empty buffer: its first byte will have this offset.</summary>
    public void BeginAt(long offset)
    {
        Debug.Assert(_head is null && Received == 0, "in use");
        Kept = Received = offset;
    }

    /// <summary>Adds bytes that were received elsewhere.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Span<byte> room = Room.Tail;
            int taken = Math.Min(bytes.Length, room.Length);
            bytes[..taken].CopyTo(room);
            Commit(taken);
            bytes = bytes[taken..];
        }
    }

    /// <summary>
    /// Replaces a request by another one. If that is shorter, empty lines before it fill the gap: redis ignores them (networking.c,
    /// processInlineBuffer).
    /// </summary>
    /// <param name="from">Offset of the first byte to replace.</param>
    /// <param name="to">One past the last byte to replace.</param>
    /// <param name="request">The replacement; not longer.</param>
    public void Overwrite(long from, long to, ReadOnlySpan<byte> request)
    {
        long begin = to - request.Length;
        Debug.Assert(begin >= from, "the replacement is longer than the request");
        for (long at = from; at < to;)
        {
            byte* piece = PieceAt(at, at < begin ? begin : to, out int length);
            var place = new Span<byte>(piece, length);
            if (at < begin)
            {
                place.Fill((byte)'\n');
            }
            else
            {
                request.Slice((int)(at - begin), length).CopyTo(place);
            }

            at += length;
        }
    }

    /// <summary>Releases everything before the offset.</summary>
    public void ReleaseTo(long offset)
    {
        Debug.Assert(offset <= Received, "not received yet");
        while (_head is not null && Kept < offset)
        {
            int live = _head.End - _head.Begin;
            if (Kept + live > offset)
            {
                _head.Begin += (int)(offset - Kept);
                Kept = offset;
                return;
            }

            Kept += live;
            DropHead();
        }
    }

    /// <summary>Releases whole slabs before the offset, so that about the limit at most stays. What stays can be sent again.</summary>
    public void Trim(long offset, int maxBytes)
    {
        while (_head is not null && _head != _tail && offset - Kept > maxBytes)
        {
            int live = _head.End - _head.Begin;
            if (Kept + live > offset)
            {
                return;
            }

            Kept += live;
            DropHead();
        }
    }

    /// <summary>Returns an unused slab: an idle client holds no buffer.</summary>
    public void ReleaseWhenEmpty()
    {
        if (_head is not null && KeptBytes == 0)
        {
            Debug.Assert(_head == _tail, "empty slabs in the middle of the chain");
            DropHead();
        }
    }

    public void ReleaseAll()
    {
        Kept = Received;
        while (_head is not null)
        {
            DropHead();
        }
    }

    private void DropHead()
    {
        Slab slab = _head!;
        _head = slab.Next;
        if (_head is null)
        {
            _tail = null;
        }

        slab.Next = null;
        pool.Return(slab);
    }
}
