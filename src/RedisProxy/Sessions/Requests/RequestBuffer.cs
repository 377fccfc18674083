using System.Diagnostics;

using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>
/// The bytes of a client's requests, from the receive until they are answered: a chain of slabs that the kernel writes to and reads
/// from, with no copy in between. Positions are offsets into the client's stream:
/// <c>Kept ≤ Received</c>; what lies before <see cref="Kept"/> is gone.
/// <para>The session's cursors (scanned, sent, answered) are offsets too, and are held by those who move them.</para>
/// </summary>
internal sealed unsafe class RequestBuffer(SlabPool pool)
{
    // Less room than this in the last slab, and the next receive gets a fresh one.
    private const int MinReceiveBytes = 512;

    // After a receive that filled its slab, so many further ones get large slabs.
    private const int LargeReceives = 8;

    private Slab? _head;
    private Slab? _tail;
    private int _largeReceivesLeft;

    /// <summary>Offset of the first byte that is still here.</summary>
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

    /// <summary>So many bytes were written to the tail of <see cref="Room"/>.</summary>
    public void Commit(int bytes)
    {
        Debug.Assert(_tail is not null && bytes > 0 && bytes <= _tail.Free, "received into something else");
        _tail.End += bytes;
        Received += bytes;
        _largeReceivesLeft = _tail.Free == 0 ? LargeReceives : Math.Max(0, _largeReceivesLeft - 1);
    }

    /// <summary>The bytes from an offset on, as far as they lie in one piece, and at most to another offset.</summary>
    public byte* PieceAt(long from, long to, out int length)
    {
        Debug.Assert(from >= Kept && from < to && to <= Received, "not here any more, or not yet");
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

    /// <summary>A range in one piece: as it lies when that is possible, else copied.</summary>
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

    /// <summary>
    /// Puts another request in the place of one. Empty lines before it make up for what it is shorter: they are no requests for redis
    /// (networking.c, processInlineBuffer).
    /// </summary>
    /// <param name="from">Of the first byte of the one.</param>
    /// <param name="to">One past its last.</param>
    /// <param name="request">The other; not longer.</param>
    public void Overwrite(long from, long to, ReadOnlySpan<byte> request)
    {
        long begin = to - request.Length;
        Debug.Assert(begin >= from, "there is no room for it");
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

    /// <summary>What lies before the offset is needed no more.</summary>
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

    /// <summary>Gives back whole slabs before the offset, so that at most the limit stays, about. What stays can be sent again.</summary>
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

    /// <summary>An unused slab goes back: a client that says nothing holds no buffer.</summary>
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
