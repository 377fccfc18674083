using RedisProxy.EventLoops;

namespace RedisProxy.Sessions;

/// <summary>Bytes kept until somebody takes them, in slabs of a loop's pool.</summary>
internal sealed unsafe class SlabChain(SlabPool pool)
{
    private Slab? _first;
    private Slab? _last;

    public long Bytes { get; private set; }

    public bool IsEmpty => Bytes == 0;

    public void Add(byte* bytes, int length)
    {
        Bytes += length;
        while (length > 0)
        {
            if (_last is null or { Free: 0 })
            {
                Append(pool.Rent(large: _last is not null || length > SlabPool.SmallBytes));
            }

            int part = Math.Min(length, _last!.Free);
            Buffer.MemoryCopy(bytes, _last.Memory + _last.End, part, part);
            _last.End += part;
            bytes += part;
            length -= part;
        }
    }

    /// <summary>Moves the oldest bytes to a buffer.</summary>
    /// <returns>How many.</returns>
    public int Take(byte* buffer, int length)
    {
        int taken = 0;
        while (_first is { } slab && taken < length)
        {
            int part = Math.Min(length - taken, slab.End - slab.Begin);
            Buffer.MemoryCopy(slab.Memory + slab.Begin, buffer + taken, part, part);
            slab.Begin += part;
            taken += part;
            if (slab.Begin == slab.End)
            {
                DropFirst();
            }
        }

        Bytes -= taken;
        return taken;
    }

    public void Clear()
    {
        while (_first is not null)
        {
            DropFirst();
        }

        Bytes = 0;
    }

    private void Append(Slab slab)
    {
        if (_last is null)
        {
            _first = slab;
        }
        else
        {
            _last.Next = slab;
        }

        _last = slab;
    }

    private void DropFirst()
    {
        Slab slab = _first!;
        _first = slab.Next;
        _last = _first is null ? null : _last;
        slab.Next = null;
        pool.Return(slab);
    }
}
